// Reading a log from its first byte: every line strictly, numbers without a gap, each `prev` against the hash before, the tree
// on the way. Streams in chunks and stops at the first line that is wrong. Knows nothing of keys.
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { type Frontier, type LeafView, leafFault, MAX_LINE, openTree, type Tree, toHex, viewLeaf } from "#core/log";
import { NO_PREV } from "./chain.ts";
import { sha256 } from "./crypto.ts";
import { segmentName } from "./segment.ts";

const CHUNK = 4_194_304;

/** What is wrong with a line (the kinds of the record's verdicts). */
export type FaultKind = "edit" | "delete" | "insert" | "reorder" | "fork" | "dup-json" | "framing" | "trailing";

/** The first line that is wrong. */
export interface Fault {
  readonly kind: FaultKind;
  readonly seq: number;
  /** Path below the log's folder. */
  readonly file: string;
  readonly offset: number;
  /** True when only bytes without a line feed follow the last good line: what a crash leaves behind. */
  readonly torn?: TornTail;
}

/** Bytes after the last whole line. */
export interface TornTail {
  readonly bytes: number;
  /** They look like what a crash leaves: the beginning of the next line, or zeros. */
  readonly plausible: boolean;
}

/** What a scan saw up to the fault, or to the end. */
export interface Scan {
  readonly size: number;
  readonly prev: string;
  readonly frontier: Frontier;
  /** Where good lines end. */
  readonly end: { readonly firstSeq: number; readonly bytes: number };
  readonly fault?: Fault;
}

/** What a caller wants to see of each good line. */
export interface ScanOptions {
  /** Session that every line must name; absent for the ledger, which speaks of many. */
  readonly session?: string;
  /** Called after the line was added to the tree. The bytes are only valid during the call. */
  readonly onLine?: (view: LeafView, line: Line, tree: Tree) => void;
  /** Start here instead of at the beginning; the caller has checked it against a signed checkpoint. */
  readonly from?: Omit<Scan, "fault">;
}

/** One good line: its hash, and its bytes while the call lasts. */
export interface Line {
  readonly leaf: Uint8Array;
  readonly bytes: () => Uint8Array;
  readonly file: string;
  readonly offset: number;
}

/** Thrown when the log cannot be read: `absent`, `alien` (a link, a device, a file that does not belong), or `system`. */
export class Unreadable extends Error {
  readonly path: string;
  readonly reason: "absent" | "alien" | "system";

  constructor(path: string, reason: Unreadable["reason"], why: string) {
    super(why);
    this.path = path;
    this.reason = reason;
  }
}

/** Scans `dir/log`. Throws `Unreadable`. */
export function scanLog(dir: string, options: ScanOptions = {}): Scan {
  const scanner = new Scanner(options);
  const names = segmentNames(dir).filter((name) => Number(name.slice(0, 12)) >= scanner.firstSeq);
  for (const name of names) if (!scanner.segment(dir, name)) break;
  return scanner.result();
}

/** Names of the segments in order. Throws `Unreadable` for anything else in the folder. */
export function segmentNames(dir: string): string[] {
  const folder = join(dir, "log");
  try {
    if (!lstatSync(folder).isDirectory()) throw new Unreadable("log", "alien", "is not a folder");
    const names = readdirSync(folder).sort();
    const odd = names.find((name) => !/^\d{12}\.jsonl$/.test(name));
    if (odd !== undefined) throw new Unreadable(`log/${odd}`, "alien", "does not belong to a log");
    if (names.length === 0) throw new Unreadable("log", "absent", "holds no records");
    return names;
  } catch (error) {
    throw unreadable("log", error);
  }
}

/** Any error about a path, as `Unreadable`. */
export function unreadable(path: string, error: unknown): Unreadable {
  if (error instanceof Unreadable) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  if (code === "ELOOP" || code === "EFTYPE") return new Unreadable(path, "alien", "is not a regular file");
  return new Unreadable(path, code === "ENOENT" ? "absent" : "system", code);
}

/** Opens a regular file without following a link, synchronously: a scan has nothing else to do. */
export function openForScan(dir: string, path: string): number {
  const fd = openSync(join(dir, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Unreadable(path, "alien", "is not a regular file");
}

class Scanner {
  readonly #options: ScanOptions;
  readonly #tree: Tree;
  #prev: Uint8Array;
  #end: { firstSeq: number; bytes: number };
  #fault: Fault | undefined;

  constructor(options: ScanOptions) {
    const from = options.from;
    this.#options = options;
    this.#tree = openTree(sha256, from?.frontier);
    this.#prev = Buffer.from(from?.prev ?? NO_PREV, "hex");
    this.#end = from === undefined ? { firstSeq: 0, bytes: 0 } : { ...from.end };
  }

  get firstSeq(): number {
    return this.#end.firstSeq;
  }

  /** False when the scan is over. */
  segment(dir: string, name: string): boolean {
    const file = `log/${name}`;
    const first = Number(name.slice(0, 12));
    const resumed = this.#options.from !== undefined && first === this.#options.from.end.firstSeq;
    if (!resumed && name !== segmentName(this.#tree.size)) {
      this.#fault = { kind: first > this.#tree.size ? "delete" : "insert", seq: this.#tree.size, file, offset: 0 };
      return false;
    }
    const at = resumed ? this.#end.bytes : 0;
    this.#end = { firstSeq: first, bytes: at };
    try {
      const fd = openForScan(dir, file);
      try {
        this.#read(fd, file, at);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      throw unreadable(file, error);
    }
    return this.#fault === undefined;
  }

  result(): Scan {
    const { size } = this.#tree;
    const scan = { size, prev: toHex(this.#prev), frontier: this.#tree.frontier(), end: { ...this.#end } };
    return this.#fault === undefined ? scan : { ...scan, fault: this.#fault };
  }

  #read(fd: number, file: string, start: number): void {
    // One byte in front of the lines: the byte before each line is turned into the leaf's 00 prefix, so no line is copied.
    const buffer = Buffer.allocUnsafe(1 + CHUNK + MAX_LINE + 1);
    let held = 0;
    let base = start;
    for (;;) {
      const count = readSync(fd, buffer, 1 + held, buffer.length - 1 - held, base + held);
      const filled = 1 + held + count;
      const done = this.#lines(buffer, filled, { file, base });
      if (this.#fault !== undefined) return;
      held = filled - done;
      base += done - 1;
      buffer.copy(buffer, 1, done, filled);
      if (held > MAX_LINE || (count === 0 && held > 0)) {
        this.#tail(buffer.subarray(1, 1 + held), { file, offset: base, whole: count === 0 });
        return;
      }
      if (count === 0) return;
    }
  }

  /** Takes every whole line and returns the offset in `buffer` behind the last one. */
  #lines(buffer: Buffer, filled: number, place: { file: string; base: number }): number {
    let start = 1;
    for (;;) {
      const end = buffer.indexOf(0x0a, start);
      if (end < 0 || end >= filled) return start;
      if (!this.#line(buffer, start, end, { file: place.file, offset: place.base + start - 1 }, filled)) return start;
      start = end + 1;
      this.#end.bytes = place.base + start - 1;
    }
  }

  #line(buffer: Buffer, start: number, end: number, place: { file: string; offset: number }, filled: number): boolean {
    const expected = this.#tree.size;
    const view = viewLeaf(buffer, start, end);
    const fail = (kind: FaultKind, seq: number): false => {
      this.#fault = { kind, seq, ...place };
      return false;
    };
    if (view === undefined) return fail(leafFault(buffer.subarray(start, end)), expected);
    if (view.seq !== expected) {
      if (view.seq < expected) return fail("insert", view.seq);
      return fail(comesLater(buffer, end + 1, filled, expected) ? "reorder" : "delete", expected);
    }
    if (this.#options.session !== undefined && view.session !== this.#options.session) return fail("fork", expected);
    buffer[start - 1] = 0;
    const leaf = sha256(buffer.subarray(start - 1, end));
    if (!hexIs(buffer, view.prevAt, this.#prev)) {
      const next = nextPrev(buffer, end + 1, filled);
      // The next line agrees with this one: then it is the line before that was changed.
      const before = expected > 0 && (next === undefined || next === toHex(leaf));
      return fail("edit", before ? expected - 1 : expected);
    }
    this.#tree.append(leaf);
    this.#prev = leaf;
    this.#options.onLine?.(view, { leaf, ...place, bytes: () => buffer.subarray(start, end) }, this.#tree);
    return true;
  }

  #tail(tail: Buffer, place: { file: string; offset: number; whole: boolean }): void {
    const next = `{"v":1,"seq":${this.#tree.size},"prev":"${toHex(this.#prev)}","ts":"`;
    const text = tail.subarray(0, next.length).toString("latin1");
    const begun = next.startsWith(text) || text.startsWith(next);
    const zeros = tail.every((byte) => byte === 0);
    // A page that never reached the disk reads as zeros behind whatever did.
    const holed =
      begun && tail.subarray(tail.indexOf(0) < 0 ? tail.length : tail.indexOf(0)).every((byte) => byte === 0);
    const plausible = place.whole && tail.length <= CHUNK && (zeros || holed);
    const { file, offset } = place;
    this.#fault = { kind: "trailing", seq: this.#tree.size, file, offset, torn: { bytes: tail.length, plausible } };
  }
}

const HEX = Array.from({ length: 16 }, (_, i) => i.toString(16).charCodeAt(0));

/** True when the 64 digits at `at` spell `hash`. */
function hexIs(bytes: Uint8Array, at: number, hash: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) {
    const byte = hash[i] as number;
    if (bytes[at + 2 * i] !== HEX[byte >> 4] || bytes[at + 2 * i + 1] !== HEX[byte & 15]) return false;
  }
  return true;
}

/** `prev` of the line that starts at `start`, when it is whole. */
function nextPrev(buffer: Buffer, start: number, filled: number): string | undefined {
  const end = buffer.indexOf(0x0a, start);
  if (end < 0 || end >= filled) return undefined;
  const view = viewLeaf(buffer, start, end);
  return view === undefined ? undefined : buffer.toString("latin1", view.prevAt, view.prevAt + 64);
}

/** True when the record with this number stands further on in the buffer. */
function comesLater(buffer: Buffer, start: number, filled: number, seq: number): boolean {
  const at = buffer.indexOf(`{"v":1,"seq":${seq},`, start);
  return at >= 0 && at < filled;
}
