// Reading a large log with several threads: each reads whole segments as strictly as one alone would, taking a segment's first
// `prev` on trust; here they are joined, each to the hash before it. Whatever does not join, or is not good, is read again in
// order from there on: what is wrong, and where, is only ever said by one reader that has seen everything before it.
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { segmentName } from "../segment.ts";
import { segmentNames } from "../segment-file.ts";
import type { SegmentRead } from "./part.ts";
import { type Records, RecordsReader, readRecords } from "./records.ts";
import type { ReaderOptions } from "./report.ts";

/** More threads than this wait for the disk. */
const MOST = 4;

/** Reads all lines of `dir`, by threads where that is worth it. Rejects with `Unreadable`. */
export async function readInParallel(
  dir: string,
  session: string | undefined,
  options: ReaderOptions = {},
): Promise<Records> {
  const names = segmentNames(dir);
  const program = options.program ?? readerProgram();
  const threads = Math.min(options.threads ?? availableParallelism(), names.length, MOST);
  // A segment is closed at 64 MiB: where there are two, threads are worth their start.
  if (program === undefined || threads < 2) return readRecords(dir, session);
  const pool = new ReaderPool(program, threads, { dir, session });
  try {
    const reader = new RecordsReader(dir, session);
    for (const [index, part] of names.map((name) => pool.read(name)).entries()) {
      const read = await part;
      const { at } = reader;
      const joins = read.good && names[index] === segmentName(at.size) && read.prev === at.prev;
      // From here on in order: the last segment too, whose end may be torn.
      if (!joins) break;
      reader.join(read);
    }
    return reader.readRest();
  } finally {
    await pool.end();
  }
}

/** The thread's program beside ours: in the bundle, or in the library. There is none for sources. */
function readerProgram(): string | undefined {
  return ["./log-reader.mjs", "./reader-main.js"]
    .map((name) => fileURLToPath(new URL(name, import.meta.url)))
    .find((path) => existsSync(path));
}

/** Threads that each take the next segment when they are done with one. */
class ReaderPool {
  readonly #workers: Worker[];
  readonly #waiting: { readonly name: string; readonly give: (read: SegmentRead) => void }[] = [];
  readonly #idle: Worker[] = [];

  constructor(program: string, threads: number, log: { readonly dir: string; readonly session: string | undefined }) {
    this.#workers = Array.from({ length: threads }, () => new Worker(program, { workerData: log }));
    this.#idle.push(...this.#workers);
  }

  read(name: string): Promise<SegmentRead> {
    return new Promise((give) => {
      this.#waiting.push({ name, give });
      this.#next();
    });
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #next(): void {
    const worker = this.#idle[0];
    const task = this.#waiting[0];
    if (worker === undefined || task === undefined) return;
    this.#idle.shift();
    this.#waiting.shift();
    const answered = (read: SegmentRead): void => {
      worker.off("error", died).off("exit", died);
      task.give(read);
      this.#idle.push(worker);
      this.#next();
    };
    // A thread that dies has read nothing: from its segment on everything is read in order.
    const died = (): void => {
      worker.off("message", answered);
      task.give({ good: false });
    };
    worker.once("message", answered).once("error", died).once("exit", died);
    worker.postMessage(task.name);
  }
}
