// A program's system calls on some paths, counted by strace and then failed (or killed at) one by one. Only the program itself: what it
// starts is let go. strace counts for each thread; one thread of Node's pool keeps the order the same each time.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";

/** How a call fails. Calls that give no room do not run out of it. */
export type Fault = "EIO" | "ENOSPC" | "EDQUOT" | "EINTR" | "KILL";

const FAULTS: readonly Fault[] = ["EIO", "ENOSPC", "EDQUOT", "EINTR", "KILL"];

const TAKES_ROOM =
  /^(?:mkdir|openat|write|pwrite64|pwritev|fsync|fdatasync|rename|link|ftruncate|truncate|copy_file_range)$/;

/** Calls that change something or make it last. */
export const WRITES: RegExp =
  /^(?:mkdir|openat|write|pwrite64|pwritev|fsync|fdatasync|rename|link|symlink|unlink|rmdir|ftruncate|fchmod|chmod|copy_file_range)$/;

/** The n-th call of a name, in whichever thread. */
export interface FaultPoint {
  readonly call: string;
  readonly at: number;
  readonly fault: Fault;
}

/** How a traced program ended. */
export interface Traced {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What was failed: the call's line, as strace writes it. */
  readonly hits: readonly string[];
}

/** The program and its paths. */
export interface FaultTraceParts {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** A file for strace's own words. */
  readonly file: string;
  /** Whole paths that count. */
  readonly paths: RegExp;
  readonly calls?: RegExp;
  /** Puts everything back, before each run. */
  readonly reset: () => void | Promise<void>;
}

/** Counts first, then fails. */
export class FaultTrace {
  readonly #parts: FaultTraceParts;
  #paths: readonly string[] = [];

  constructor(parts: FaultTraceParts) {
    this.#parts = parts;
  }

  /** Every call to fail, found by two runs without a fault. */
  async points(): Promise<readonly FaultPoint[]> {
    const { calls = /./, file, paths, reset } = this.#parts;
    await reset();
    const seen = await this.#run(["-y", "-e", "trace=file,desc,ftruncate"]);
    if (seen.status !== 0) throw new Error(`a run without a fault fails: ${seen.stderr}`);
    const found = readFileSync(file, "utf8").match(/(?<=[<"])\/[^">,]*(?=[>"])/g) ?? [];
    this.#paths = [...new Set(found)].filter((path) => paths.test(path));
    await reset();
    await this.#run(this.#only());
    const ofThread = new Map<string, number>();
    const most = new Map<string, number>();
    for (const [, thread, call = ""] of readFileSync(file, "utf8").matchAll(/^(\d+) +(\w+)\(/gm)) {
      if (call === "execve" || !calls.test(call)) continue;
      const count = (ofThread.get(`${thread} ${call}`) ?? 0) + 1;
      ofThread.set(`${thread} ${call}`, count);
      most.set(call, Math.max(count, most.get(call) ?? 0));
    }
    return [...most].flatMap(([call, count]) =>
      Array.from({ length: count }, (_, n) => n + 1).flatMap((at) =>
        FAULTS.filter((fault) => TAKES_ROOM.test(call) || !(fault === "ENOSPC" || fault === "EDQUOT")).map((fault) => ({
          call,
          at,
          fault,
        })),
      ),
    );
  }

  /** Lets one call fail. */
  async fail({ call, at, fault }: FaultPoint): Promise<Traced> {
    await this.#parts.reset();
    const how = fault === "KILL" ? "signal=KILL" : `error=${fault}`;
    const ended = await this.#run([
      ...["-y", "-e", `trace=${call}`, "-e", `inject=${call}:${how}:when=${at}`],
      ...this.#only(),
    ]);
    const lines = readFileSync(this.#parts.file, "utf8").split("\n");
    return { ...ended, hits: lines.filter((line) => line.includes("(INJECTED)") || /\+\+\+ killed by/.test(line)) };
  }

  #only(): readonly string[] {
    return this.#paths.flatMap((path) => ["-P", path]);
  }

  async #run(strace: readonly string[]): Promise<Omit<Traced, "hits">> {
    const { argv, cwd, env, file, input = "" } = this.#parts;
    const all = ["-f", "-b", "execve", "-s", "0", "-o", file, ...strace, ...argv];
    const child = spawn("strace", all, {
      env: { ...env, UV_THREADPOOL_SIZE: "1" },
      ...(cwd === undefined ? {} : { cwd }),
    });
    child.stdin.on("error", () => undefined); // killed before it read
    child.stdin.end(input);
    const [stdout, stderr, { code: status, signal }] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      exited(child),
    ]);
    return { status, signal, stdout, stderr };
  }
}

/** Resolves when a program has ended. */
export function exited(child: ChildProcess): Promise<{ readonly code: number | null; readonly signal: string | null }> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
}

/** Each call killed once, and failed once: the first in one way, the next in another. */
export function eachTwice(points: readonly FaultPoint[]): readonly FaultPoint[] {
  const places = new Map<string, FaultPoint[]>();
  for (const point of points) {
    const place = `${point.call} ${point.at}`;
    places.set(place, [...(places.get(place) ?? []), point]);
  }
  return [...places.values()].flatMap((ways, n) => {
    const errors = ways.filter(({ fault }) => fault !== "KILL");
    return [...errors.slice(n % errors.length).slice(0, 1), ...ways.filter(({ fault }) => fault === "KILL")];
  });
}

/** About `count` of them, spread over all; with `SLOW=1` all. */
export function spread(points: readonly FaultPoint[], count: number): readonly FaultPoint[] {
  // A stride that shares no factor with the number of ways to fail meets all of them.
  const stride = Math.max(1, Math.floor(points.length / count) | 1);
  return process.env["SLOW"] === "1" ? points : points.filter((_, n) => n % stride === 0);
}
