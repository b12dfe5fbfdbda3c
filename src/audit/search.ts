// Finding lines in a log without parsing all of them: the bytes are searched for what a wanted line must hold, and only those lines are
// read strictly. So a million records are gone through in about the time that reading their bytes takes, and there is no index that
// could be out of date, forged, or hold what the log has lost. A line that is not framed like a record is always given out.
import { type LogRecord, MAX_LINE, readLeaf } from "#core/log";
import { Unreadable, unreadable } from "./open-file.ts";
import { openSegmentFile, type SegmentFile, segmentNames } from "./segment-file.ts";

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

/** A line and the place behind it. */
export interface PlacedLine extends ReadLine {
  readonly place: ReadPlace;
}

/** What a wanted line must hold: one of the needles, and a time between two (`ts` as it stands in the line). */
export interface LineMarks {
  readonly needles?: readonly string[];
  readonly from?: string;
  readonly to?: string;
}

/** Every whole line behind `from` that bears the marks, in order. Throws `Unreadable`. */
export function* searchLog(dir: string, marks: LineMarks = {}, from?: ReadPlace): Generator<PlacedLine> {
  for (const segment of segmentNames(dir)) {
    if (from !== undefined && segment < from.segment) continue;
    const start = from?.segment === segment ? from.offset : 0;
    yield* withSegment(dir, segment, (source) => forwards(source, { segment, start, marks: new Marks(marks) }));
  }
}

/** The same lines, the last one first. */
export function* searchLogBackwards(dir: string, marks: LineMarks = {}): Generator<PlacedLine> {
  for (const segment of segmentNames(dir).reverse())
    yield* withSegment(dir, segment, (source) => backwards(source, { segment, marks: new Marks(marks) }));
}

/** For who follows: throws `Unreadable` when the log does not reach to `place` any more. */
export function requirePlace(dir: string, { segment, offset }: ReadPlace): void {
  const file = `log/${segment}`;
  if (!segmentNames(dir).includes(segment)) throw new Unreadable(file, "absent", "is gone");
  const source = openSegmentFile(dir, segment);
  const { size } = source;
  source.close();
  if (size < offset) throw new Unreadable(file, "system", "is shorter than what was shown of it");
}

const CHUNK = 524_288;

/** A "line" that never ends is not ours; it is given out in pieces rather than held in memory. */
const LONGEST = 8 * MAX_LINE;

const LF = 0x0a;

function* withSegment(
  dir: string,
  name: string,
  read: (source: SegmentFile) => Generator<PlacedLine>,
): Generator<PlacedLine> {
  const file = `log/${name}`;
  let source: SegmentFile;
  try {
    source = openSegmentFile(dir, name);
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    yield* read(source);
  } finally {
    source.close();
  }
}

function* forwards(
  source: SegmentFile,
  { segment, start, marks }: { readonly segment: string; readonly start: number; readonly marks: Marks },
): Generator<PlacedLine> {
  // One buffer for all: what is given out are texts.
  const bytes = Buffer.allocUnsafe(LONGEST + CHUNK);
  let held = 0;
  /** Offset of the buffer's first byte in the file. */
  let base = start;
  for (;;) {
    const count = source.read(bytes, held, CHUNK, base + held);
    if (count === 0) return;
    const all = bytes.subarray(0, held + count);
    marks.look(all);
    let at = 0;
    for (let end = all.indexOf(LF); end >= 0; end = all.indexOf(LF, at)) {
      if (marks.on(at, end)) yield lineOf(all.subarray(at, end), { segment, offset: base + end + 1 });
      at = end + 1;
    }
    held = all.length - at;
    base += at;
    bytes.copyWithin(0, at, all.length);
    if (held <= LONGEST) continue;
    base += held;
    yield lineOf(bytes.subarray(0, held), { segment, offset: base });
    held = 0;
  }
}

function* backwards(
  source: SegmentFile,
  { segment, marks }: { readonly segment: string; readonly marks: Marks },
): Generator<PlacedLine> {
  let base = source.size;
  /** Bytes behind `base` that belong to a line which begins before it. */
  let held = Buffer.alloc(0);
  let isTail = true;
  while (base > 0) {
    const length = Math.min(CHUNK, base);
    const all = Buffer.allocUnsafe(length + held.length);
    held.copy(all, length);
    base -= length;
    for (let done = 0; done < length; ) {
      const count = source.read(all, done, length - done, base + done);
      if (count === 0) throw unreadable(`log/${segment}`, Object.assign(new Error("cut while read"), { code: "EIO" }));
      done += count;
    }
    marks.look(all);
    let end = all.lastIndexOf(LF);
    // What follows the last line feed is not a whole line.
    if (isTail && end >= 0) isTail = false;
    while (end >= 0) {
      const before = end === 0 ? -1 : all.lastIndexOf(LF, end - 1);
      if (before < 0 && base > 0) break;
      if (marks.on(before + 1, end)) yield lineOf(all.subarray(before + 1, end), { segment, offset: base + end + 1 });
      end = before;
    }
    held = end < 0 && base > 0 ? all : all.subarray(0, end + 1);
    if (held.length <= LONGEST) continue;
    yield lineOf(held, { segment, offset: base + held.length });
    held = Buffer.alloc(0);
  }
}

function lineOf(line: Uint8Array, place: ReadPlace): PlacedLine {
  const record = readLeaf(line);
  const text = Buffer.from(line).toString("utf8");
  return { ...(record === undefined ? {} : { record }), text, place };
}

const HEAD: Buffer = Buffer.from('{"v":1,"seq":');

/** From the end of `seq` to the beginning of the time: `,"prev":"` 64 digits `","ts":"`. */
const TO_TIME = 9 + 64 + 8;

const TIME_LENGTH = 24;

/** Looks for the marks in a chunk with the runtime's own search, and says of each line whether one stands in it. */
class Marks {
  readonly #needles: readonly Buffer[];
  readonly #from: Buffer | undefined;
  readonly #to: Buffer | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  /** Of each needle the hits in the chunk, in order; found as far as they were needed. */
  #found: Int32Array[] = [];

  constructor({ needles = [], from, to }: LineMarks) {
    this.#needles = needles.filter((needle) => needle !== "").map((needle) => Buffer.from(needle));
    this.#from = from === undefined ? undefined : Buffer.from(from);
    this.#to = to === undefined ? undefined : Buffer.from(to);
  }

  look(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#found = this.#needles.map((needle) => {
      const hits: number[] = [];
      for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) hits.push(at);
      return Int32Array.from(hits);
    });
  }

  on(start: number, end: number): boolean {
    if (!this.#isFramed(start, end)) return true;
    if (!this.#isInTime(start)) return false;
    return this.#needles.length === 0 || this.#found.some((hits) => hasBetween(hits, start, end));
  }

  #isFramed(start: number, end: number): boolean {
    const bytes = this.#bytes;
    if (end - start < HEAD.length + TO_TIME || end - start > MAX_LINE) return false;
    if (bytes[end - 1] !== 0x7d || bytes[end - 2] !== 0x7d) return false;
    for (let i = 0; i < HEAD.length; i++) if (bytes[start + i] !== HEAD[i]) return false;
    return true;
  }

  #isInTime(start: number): boolean {
    if (this.#from === undefined && this.#to === undefined) return true;
    const bytes = this.#bytes;
    let at = start + HEAD.length;
    while (isDigit(bytes[at])) at++;
    at += TO_TIME;
    const isLate = this.#from === undefined || bytes.compare(this.#from, 0, TIME_LENGTH, at, at + TIME_LENGTH) >= 0;
    return isLate && (this.#to === undefined || bytes.compare(this.#to, 0, TIME_LENGTH, at, at + TIME_LENGTH) <= 0);
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** Does a sorted list hold a number in [start, end)? */
function hasBetween(sorted: Int32Array, start: number, end: number): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < start) low = middle + 1;
    else high = middle;
  }
  return low < sorted.length && (sorted[low] as number) < end;
}
