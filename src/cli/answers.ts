// Answers in the order of the questions, whenever each is known, on a stream that may be read slowly or not at all: then asking
// stops, and nothing is held without bound.
import { createWriteStream, fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";

/** Where answers go. */
export interface Answers {
  /** One line, when its text is known. `weight` is what stands for it in memory until then. */
  push(text: Promise<string>, weight: number): void;
  /** Resolves when it is fit to ask more; at once while little is outstanding. */
  room(): Promise<void>;
  /** Resolves when everything is answered and handed to the system, or nobody reads any more. */
  done(): Promise<void>;
  /** Aborted, with the error, when nobody reads any more or they cannot be written. */
  readonly gone: AbortSignal;
}

/** Outstanding answers, and bytes behind them, at which asking stops. */
const MOST = { answers: 16_384, weight: 16_777_216 } as const;

interface Entry {
  readonly weight: number;
  text?: string;
}

/** Opens the answers on standard output. */
export function openAnswers(): Answers {
  const out = openOutput();
  const gone = new AbortController();
  const entries: Entry[] = [];
  let weight = 0;
  let isPlanned = false;
  let isFlowing = true;
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const each of woken) each();
  };
  const until = async (isFit: () => boolean): Promise<void> => {
    while (!isFit() && !gone.signal.aborted) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const flush = (): void => {
    isPlanned = false;
    let count = 0;
    let text = "";
    for (let entry = entries[0]; entry?.text !== undefined; entry = entries[count]) {
      text += entry.text;
      weight -= entry.weight;
      count += 1;
    }
    if (count === 0) return;
    entries.splice(0, count);
    if (!gone.signal.aborted) isFlowing = out.write(text, wake);
    wake();
  };
  out.on("drain", () => {
    isFlowing = true;
    wake();
  });
  out.on("error", (error) => {
    gone.abort(error);
    wake();
  });
  const isIdle = (): boolean => entries.length === 0 && out.writableLength === 0;
  return {
    gone: gone.signal,
    push(text: Promise<string>, size: number): void {
      const entry: Entry = { weight: size };
      entries.push(entry);
      weight += size;
      void text.then((known) => {
        entry.text = known;
        if (isPlanned) return;
        isPlanned = true;
        // Once a turn of the loop: a batch of records is one write.
        setImmediate(flush);
      });
    },
    room: () => until(() => isFlowing && entries.length < MOST.answers && weight < MOST.weight),
    // Whoever waits for the last one is woken when it is written: a file never says that it may be written to again.
    done: () => until(isIdle),
  };
}

/** Node's own standard output is written synchronously: a reader that sleeps would stop the whole program, signatures too. */
function openOutput(): Writable {
  const kind = fstatSync(1);
  if (kind.isFIFO() || kind.isSocket()) return new Socket({ fd: 1, readable: false, writable: true });
  return createWriteStream("", { fd: 1, autoClose: false });
}
