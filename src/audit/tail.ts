// What may stand behind the last whole line without anybody having touched it. A write that a crash cut off leaves the beginning
// of the next lines; a power cut leaves any of its sectors as zeros, and later ones written. No line ever holds a NUL, so both
// can be told from rubbish: runs of zeros end where sectors end, and the rest begins as the next line must.
import type { SegmentFile } from "./segment-file.ts";

/** What follows the last whole line of the last segment. */
export interface TornTail {
  readonly bytes: number;
}

/** The least a disk writes at once. */
const SECTOR = 512;

/** The most that one write can leave: a batch of the longest lines. Also bounds what is read. */
const MAX_TAIL = 4096 * 65_536;

/** Judges what stands in a file from `from` on, where record `next` should; undefined when no crash leaves such a thing. */
export function judgeTail(
  source: SegmentFile,
  from: number,
  next: { readonly seq: number; readonly prev: string },
): TornTail | undefined {
  const bytes = source.size - from;
  if (bytes <= 0 || bytes > MAX_TAIL) return undefined;
  const tail = readTail(source, from, bytes);
  const head = Buffer.from(`{"v":1,"seq":${next.seq},"prev":"${next.prev}","ts":"`);
  const text = untilNul(tail);
  const begun = tail
    .subarray(0, text)
    .subarray(0, head.length)
    .equals(head.subarray(0, Math.min(text, head.length)));
  if (!begun) return undefined;
  // Without a hole only an unfinished line is torn: a whole one that is wrong was written so by somebody.
  if (text === tail.length) return tail.includes(0x0a) ? undefined : { bytes };
  return holesAreSectors(tail, from) ? { bytes } : undefined;
}

function readTail(source: SegmentFile, from: number, bytes: number): Buffer {
  const tail = Buffer.alloc(bytes);
  let filled = 0;
  while (filled < bytes) {
    const count = source.read(tail, filled, bytes - filled, from + filled);
    if (count === 0) break;
    filled += count;
  }
  return tail.subarray(0, filled);
}

function untilNul(tail: Buffer): number {
  const at = tail.indexOf(0);
  return at < 0 ? tail.length : at;
}

/** True when every run of zeros begins and ends at the end of a sector (of the file), or of the tail. */
function holesAreSectors(tail: Buffer, from: number): boolean {
  let at = tail.indexOf(0);
  while (at >= 0) {
    let end = at;
    while (end < tail.length && tail[end] === 0) end += 1;
    const begins = at === 0 || (from + at) % SECTOR === 0;
    const ends = end === tail.length || (from + end) % SECTOR === 0;
    // The last text of a file whose size was not yet written down may end anywhere; nothing then follows the zeros.
    if (!ends || !(begins || end === tail.length)) return false;
    at = tail.indexOf(0, end);
  }
  return true;
}
