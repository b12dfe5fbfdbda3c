// Reading a log for people: record by record, in order, without judging it. A line that is no record is handed on as damage,
// never skipped: what a reader does not see must not be what an attacker hid.
import { closeSync, readSync } from "node:fs";
import { type LogRecord, MAX_LINE, readLeaf } from "#core/log";
import { openForScan, segmentNames, unreadable } from "./scan.ts";

/** A line of a log: its record, or `undefined` with the text for what is none. */
export interface ReadLine {
  readonly record?: LogRecord;
  readonly text: string;
}

/** Where a follower stands. */
export interface ReadPlace {
  readonly segment: string;
  readonly offset: number;
}

/** Every whole line behind `from`, and after each the place behind it. Throws `Unreadable`. */
export function* readLog(dir: string, from?: ReadPlace): Generator<ReadLine & { readonly place: ReadPlace }> {
  for (const segment of segmentNames(dir)) {
    if (from !== undefined && segment < from.segment) continue;
    let offset = from?.segment === segment ? from.offset : 0;
    for (const line of linesOf(dir, `log/${segment}`, offset)) {
      offset += line.length + 1;
      const record = readLeaf(line);
      const text = Buffer.from(line).toString("utf8");
      yield { ...(record === undefined ? {} : { record }), text, place: { segment, offset } };
    }
  }
}

const CHUNK = 262_144;

function* linesOf(dir: string, file: string, start: number): Generator<Uint8Array> {
  let fd: number;
  try {
    fd = openForScan(dir, file);
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    let held = Buffer.alloc(0);
    let at = start;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const count = readSync(fd, chunk, 0, CHUNK, at);
      if (count === 0) return;
      at += count;
      held = Buffer.concat([held, chunk.subarray(0, count)]);
      let from = 0;
      for (let end = held.indexOf(0x0a); end >= 0; end = held.indexOf(0x0a, from)) {
        yield held.subarray(from, end);
        from = end + 1;
      }
      held = held.subarray(from);
      // A "line" that never ends is not ours; it is given out in pieces rather than held in memory.
      if (held.length > 16 * MAX_LINE) {
        yield held;
        held = Buffer.alloc(0);
      }
    }
  } finally {
    closeSync(fd);
  }
}
