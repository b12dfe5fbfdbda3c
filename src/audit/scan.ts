// Reading a log from its first byte: every line strictly, numbers without a gap, each `prev` against the hash before. Streams in
// chunks and stops at the first line that is wrong. Knows nothing of keys, and nothing of what a crash may leave (tail.ts).
import { hash } from "node:crypto";
import { type Frontier, type LeafView, leafFault, MAX_LINE, openTree, type Tree, viewLeaf } from "#core/log";
import { blame } from "./blame.ts";
import { NO_PREV } from "./chain.ts";
import { sha256 } from "./crypto.ts";
import { unreadable } from "./open-file.ts";
import { segmentName } from "./segment.ts";
import { DamagedSegment, openSegmentFile, type SegmentFile, segmentNames } from "./segment-file.ts";
import { judgeTail, type TornTail } from "./tail.ts";

const CHUNK = 1_048_576;

/** What is wrong with a line (the kinds of the record's verdicts). */
export type FaultKind = "edit" | "delete" | "insert" | "reorder" | "fork" | "dup-json" | "framing" | "trailing";

/** The first line that is wrong. */
export interface Fault {
  readonly kind: FaultKind;
  readonly seq: number;
  /** Path below the log's folder. */
  readonly file: string;
  readonly offset: number;
  /** There when what follows the last good line may be what a crash left behind it. */
  readonly torn?: TornTail;
  /** There when the record before is blamed only because nothing follows: it may be this one's `prev` that was changed. */
  readonly doubt?: Doubt;
}

/** The last line of a log, which does not follow the one before. */
export interface Doubt {
  readonly offset: number;
  /** Leaf hash that it would have with the right `prev`. */
  readonly hex: string;
}

/** Where a reader stands. */
export interface ChainEnd {
  readonly size: number;
  /** Leaf hash of the last record. */
  readonly prev: string;
  /** Where good lines end. */
  readonly end: { readonly firstSeq: number; readonly bytes: number };
  /** Where the last good line stands, when it is known. */
  readonly last?: Place;
}

/** Where a line stands. */
interface Place {
  readonly file: string;
  readonly offset: number;
}

/** Before the first record. */
export const START: ChainEnd = { size: 0, prev: NO_PREV, end: { firstSeq: 0, bytes: 0 } };

/** What a scan saw up to the fault, or to the end. */
export interface Scan extends ChainEnd {
  readonly frontier: Frontier;
  readonly fault?: Fault;
}

/** What a caller wants to see of each good line. */
export interface ScanOptions {
  /** Session that every line must name; absent for the ledger, which speaks of many. */
  readonly session?: string;
  /** Called after the line was added to the tree. The bytes are only valid during the call. */
  readonly onLine?: (view: LeafView, line: Line & { readonly leaf: Uint8Array }, tree: Tree) => void;
  /** Start here instead of at the beginning; the caller has checked it against a signed checkpoint. */
  readonly from?: Omit<Scan, "fault">;
}

/** One good line: its hash, and its bytes while the call lasts. */
export interface Line {
  /** Leaf hash, hexadecimal. */
  readonly hex: string;
  readonly bytes: () => Buffer;
  readonly file: string;
  readonly offset: number;
}

/** Scans `dir/log`, with its tree. Throws `Unreadable`. */
export function scanLog(dir: string, options: ScanOptions = {}): Scan {
  const { session, onLine, from } = options;
  const tree = openTree(sha256, from?.frontier);
  const reader = new LineReader(dir, {
    ...(session === undefined ? {} : { session }),
    ...(from === undefined ? {} : { from }),
    onLine: (view, line) => {
      const leaf = Buffer.from(line.hex, "hex");
      tree.append(leaf);
      onLine?.(view, { ...line, leaf }, tree);
    },
  });
  reader.readAll();
  const { fault } = reader;
  return { ...reader.at, frontier: tree.frontier(), ...(fault === undefined ? {} : { fault }) };
}

/** What a reader is opened with. */
export interface ReaderOptions {
  readonly session?: string;
  readonly onLine: (view: LeafView, line: Line) => void;
  readonly from?: ChainEnd;
}

/** Reads lines and their chain; `at` and `fault` say how far it came. */
export class LineReader {
  fault: Fault | undefined;
  readonly #dir: string;
  readonly #options: ReaderOptions;
  #size: number;
  #prev: string;
  #end: ChainEnd["end"];
  readonly #resumed: number | undefined;
  /** Where the last good line stands. */
  #last: Place | undefined;

  constructor(dir: string, options: ReaderOptions) {
    const { size, prev, end, last } = options.from ?? START;
    this.#dir = dir;
    this.#options = options;
    this.#size = size;
    this.#prev = prev;
    this.#end = end;
    this.#last = last;
    // Behind its beginning a segment is gone on with; at it, its name must be the next record's like any other's.
    this.#resumed = end.bytes > 0 ? end.firstSeq : undefined;
  }

  get at(): ChainEnd {
    const last = this.#last;
    return { size: this.#size, prev: this.#prev, end: this.#end, ...(last === undefined ? {} : { last }) };
  }

  /** Reads every segment that is not behind the start. Throws `Unreadable`. */
  readAll(): void {
    const names = segmentNames(this.#dir).filter((name) => Number(name.slice(0, 12)) >= this.#end.firstSeq);
    for (const [index, name] of names.entries()) if (!this.segment(name, { last: index === names.length - 1 })) return;
  }

  /** Reads one segment, the next one. False when the reading is over. */
  segment(name: string, { last }: { readonly last: boolean }): boolean {
    const file = `log/${name}`;
    const first = Number(name.slice(0, 12));
    const resumed = first === this.#resumed;
    if (!resumed && name !== segmentName(this.#size)) {
      this.fault = { kind: first > this.#size ? "delete" : "insert", seq: this.#size, file, offset: 0 };
      return false;
    }
    const start = resumed ? this.#end.bytes : 0;
    this.#end = { firstSeq: first, bytes: start };
    try {
      const source = openSegmentFile(this.#dir, name);
      try {
        this.#read(source, start);
        // Only the last segment has an end that may be torn: the one before was whole before this one was made.
        if (this.fault !== undefined && last) this.#lookAtTail(source);
      } finally {
        source.close();
      }
    } catch (error) {
      if (!(error instanceof DamagedSegment)) throw unreadable(file, error);
      this.fault = { kind: "framing", seq: this.#size, file: error.path, offset: this.#end.bytes };
    }
    return this.fault === undefined;
  }

  #read(source: SegmentFile, start: number): void {
    const { file } = source;
    // One byte in front of the lines: the byte before each line is turned into the leaf's 00 prefix, so no line is copied.
    const room = Math.min(CHUNK, Math.max(0, source.size - start));
    const buffer = Buffer.allocUnsafe(1 + room + MAX_LINE + 1);
    let held = 0;
    let base = start;
    for (;;) {
      const count = source.read(buffer, 1 + held, buffer.length - 1 - held, base + held);
      const filled = 1 + held + count;
      const done = this.#lines(buffer, filled, { file, offset: base });
      if (this.fault !== undefined) return;
      held = filled - done;
      base += done - 1;
      buffer.copy(buffer, 1, done, filled);
      if (held > MAX_LINE || (count === 0 && held > 0)) {
        this.fault = { kind: "trailing", seq: this.#size, file, offset: base };
        return;
      }
      if (count === 0) return;
    }
  }

  /** Takes every whole line and returns the offset in `buffer` behind the last one. */
  #lines(buffer: Buffer, filled: number, base: Place): number {
    let start = 1;
    for (;;) {
      const end = buffer.indexOf(0x0a, start);
      if (end < 0 || end >= filled) return start;
      if (!this.#line(buffer, { start, end, filled }, { file: base.file, offset: base.offset + start - 1 }))
        return start;
      start = end + 1;
      this.#end = { firstSeq: this.#end.firstSeq, bytes: base.offset + start - 1 };
    }
  }

  #line(buffer: Buffer, span: { start: number; end: number; filled: number }, place: Place): boolean {
    const { start, end } = span;
    const view = viewLeaf(buffer, start, end);
    const { session } = this.#options;
    if (view === undefined) {
      this.fault = { kind: leafFault(buffer.subarray(start, end)), seq: this.#size, ...place };
      return false;
    }
    buffer[start - 1] = 0;
    const hex = hash("sha256", buffer.subarray(start - 1, end), "hex");
    const foreign = session !== undefined && !view.isOf(session);
    const follows = buffer.toString("latin1", view.prevAt, view.prevAt + 64) === this.#prev;
    if (view.seq !== this.#size || !follows || foreign) {
      const found = {
        view,
        follows,
        hex,
        size: this.#size,
        foreign,
      };
      const { before, alone, ...fault } = blame(buffer, span, found);
      const doubt = {
        offset: place.offset,
        hex: this.#withPrev(buffer.subarray(start - 1, end), view.prevAt - start + 1),
      };
      this.fault = { ...fault, ...(before ? (this.#last ?? place) : place), ...(before && alone ? { doubt } : {}) };
      return false;
    }
    this.#size += 1;
    this.#prev = hex;
    this.#last = place;
    this.#options.onLine(view, { hex, ...place, bytes: () => buffer.subarray(start, end) });
    return true;
  }

  /** Leaf hash of a line (a zero in front) if its `prev` were right. */
  #withPrev(line: Buffer, prevAt: number): string {
    const repaired = Buffer.from(line);
    repaired.write(this.#prev, prevAt, "latin1");
    return hash("sha256", repaired, "hex");
  }

  #lookAtTail(source: SegmentFile): void {
    const { fault } = this;
    if (fault === undefined) return;
    const torn = judgeTail(source, this.#end.bytes, { seq: this.#size, prev: this.#prev });
    if (torn !== undefined) this.fault = { ...fault, torn };
  }
}
