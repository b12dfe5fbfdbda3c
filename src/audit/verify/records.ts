// Reading a log's records for its verification: every leaf is kept as a hash, and of the records themselves only what says
// something about the log: openings, closes, recoveries, epochs, and which blobs are named where.
import { type Epoch, isEpochEnd, type LeafView, type LogRecord, readLeaf } from "#core/log";
import type { BlobUse } from "../derived.ts";
import { Leaves } from "../leaves.ts";
import { type ChainEnd, type Fault, type Line, LineReader, START } from "../scan.ts";

/** A segment without a fault. */
export interface GoodSegment {
  readonly good: true;
  /** `prev` of its first line. */
  readonly prev: string;
  readonly at: ChainEnd;
  /** Its leaf hashes, end to end. */
  readonly leaves: Uint8Array<ArrayBuffer>;
  readonly controls: readonly Control[];
  readonly blobs: readonly BlobUse[];
}

/** A record that says something about the log itself. */
export interface Control {
  readonly seq: number;
  readonly record: LogRecord;
}

/** What was found in the lines. */
export interface Records {
  readonly at: ChainEnd;
  readonly leaves: Leaves;
  readonly controls: readonly Control[];
  readonly blobs: readonly BlobUse[];
  readonly fault?: Fault;
}

/** Reads all lines of `dir`. Throws `Unreadable`. */
export function readRecords(dir: string, session: string | undefined): Records {
  return new RecordsReader(dir, session).readRest();
}

/** Reads a log in order; segments that somebody has read already are joined on. */
export class RecordsReader {
  readonly #dir: string;
  readonly #session: string | undefined;
  readonly #leaves = new Leaves();
  readonly #collector = new Collector();
  #at: ChainEnd = START;

  constructor(dir: string, session: string | undefined) {
    this.#dir = dir;
    this.#session = session;
  }

  /** Where it stands. */
  get at(): ChainEnd {
    return this.#at;
  }

  /** Goes on behind a segment; the caller has seen that it begins where this stands. */
  join(read: GoodSegment): void {
    this.#leaves.addAll(Buffer.from(read.leaves.buffer, read.leaves.byteOffset, read.leaves.byteLength));
    // One by one: a spread of a million arguments is a stack too deep.
    for (const control of read.controls) this.#collector.controls.push(control);
    for (const blob of read.blobs) this.#collector.blobs.push(blob);
    this.#at = read.at;
  }

  /** Reads what is left. Throws `Unreadable`. */
  readRest(): Records {
    const session = this.#session;
    const reader = new LineReader(this.#dir, {
      ...(session === undefined ? {} : { session }),
      from: this.#at,
      onLine: (view, line) => {
        this.#leaves.add(line.hex);
        this.#collector.look(view, line);
      },
    });
    reader.readAll();
    const { fault, at } = reader;
    const { controls, blobs } = this.#collector;
    return { at, leaves: this.#leaves, controls, blobs, ...(fault === undefined ? {} : { fault }) };
  }
}

const BLOB_MARK: Buffer = Buffer.from('{"$blob":"');

/** Picks out of lines what a verification needs; the others are not even parsed. */
export class Collector {
  readonly controls: Control[] = [];
  readonly blobs: BlobUse[] = [];

  look(view: LeafView, line: Line): void {
    const bytes = line.bytes();
    // A key of a caller that starts with `$` stands doubled, so nothing that an agent says passes for a blob.
    if (bytes.includes(BLOB_MARK))
      for (const match of bytes.toString("latin1").matchAll(/\{"\$blob":"([0-9a-f]{64})","bytes":(\d+)\}/g))
        this.blobs.push({ digest: match[1] ?? "", bytes: Number(match[2]), seq: view.seq });
    if (!CONTROLS.some((text) => view.typeBegins(text))) return;
    const record = readLeaf(bytes);
    // What another program claims never speaks for the log.
    if (record?.origin === "observed") this.controls.push({ seq: view.seq, record });
  }
}

/** How the types of records that speak for the log begin. */
const CONTROLS = ["session.", "epoch.", "recovery", "prune", "redaction"];

/** True when the last record is the log's own close. */
export function isClosed({ controls, at }: Records): boolean {
  const last = controls.at(-1);
  return last !== undefined && last.seq === at.size - 1 && last.record.type === "session.close";
}

/** True when the last record says that the writer was done, and nobody has begun to go on since. */
export function isEnded({ controls, at }: Records, epochs: readonly Epoch[]): boolean {
  const last = controls.at(-1);
  if (last === undefined || last.seq !== at.size - 1 || !isEpochEnd(last.record)) return false;
  return epochs.at(-1)?.from !== at.size;
}

/** Bytes that recoveries cut off, as they are on record. */
export function recoveredBytes({ controls }: Records): number {
  return controls
    .filter(({ record }) => record.type === "recovery")
    .reduce((sum, { record }) => sum + Number(record.data["cut_bytes"]), 0);
}
