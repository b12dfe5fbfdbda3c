// The lines of a log for export, from wherever the last delivery ended: every record with its leaf, and a finding wherever the log is not as
// its writer left it. Nothing is skipped: what a receiver does not get must not be what an attacker hid.
import { createHash, hash } from "node:crypto";
import { type LogRecord, leafFault } from "#core/log";
import type { DamageKind, Exported, ExportedDamage } from "#core/log/export";
import { NO_PREV } from "../chain.ts";
import { type PlacedLine, type ReadPlace, searchLog } from "../search.ts";
import { openSegmentFile, segmentNames } from "../segment-file.ts";
import { type BesideReader, besideReader } from "./beside.ts";

/** How far a log was read. */
export interface SourcePlace {
  /** Number of the next record. */
  readonly next: number;
  /** Leaf hash of the last one. */
  readonly prev: string;
  /** Time of the last one. */
  readonly ts: string;
  readonly place: ReadPlace;
}

/** The beginning of a log. */
export const BEGINNING: SourcePlace = {
  next: 0,
  prev: NO_PREV,
  ts: "1970-01-01T00:00:00.000Z",
  place: { segment: "", offset: 0 },
};

/** One event, and for the last one of a line the place behind it: only there may a delivery be taken up again. */
export interface Sourced {
  readonly exported: Exported;
  readonly after?: SourcePlace;
}

/** How a log is read. */
export interface SourceOptions {
  /** The values of private fields come along. */
  readonly private: boolean;
  /** Bytes behind the last whole line are damage: nobody is writing any more. */
  readonly ended: boolean;
}

/** Every event behind `from`. Throws `Unreadable`. */
export function* sourceLines(dir: string, from: SourcePlace, options: SourceOptions): Generator<Sourced> {
  const beside = besideReader(dir, options);
  const at = new Reader(dir, from);
  yield* at.missing();
  const start = from.place.segment === "" ? undefined : from.place;
  for (const line of searchLog(dir, {}, start)) {
    yield* at.passed(line.place.segment);
    const found = at.line(line, beside);
    for (const [n, exported] of found.entries())
      yield n === found.length - 1 ? { exported, after: at.here } : { exported };
  }
  if (options.ended) yield* at.passed(undefined);
}

class Reader {
  here: SourcePlace;
  readonly #dir: string;

  constructor(dir: string, from: SourcePlace) {
    this.#dir = dir;
    this.here = from;
  }

  /** What was delivered once and is not there any more. */
  *missing(): Generator<Sourced> {
    const { segment, offset } = this.here.place;
    if (segment === "") return;
    const there = segmentNames(this.#dir).includes(segment);
    if (there && sizeOf(this.#dir, segment) >= offset) return;
    const last = segmentNames(this.#dir).at(-1);
    // A segment that was pruned leaves younger ones; one that was cut, or the last one gone, is a log that went back.
    if (!there && last !== undefined && last > segment) return;
    yield { exported: this.#damage("truncated", { segment, offset, bytes: Buffer.alloc(0) }) };
  }

  /** Bytes behind the last line feed of each segment before `segment`, or of all. */
  *passed(segment: string | undefined): Generator<Sourced> {
    if (segment === this.here.place.segment) return;
    for (const name of segmentNames(this.#dir)) {
      if (name < this.here.place.segment || (segment !== undefined && name >= segment)) continue;
      const offset = name === this.here.place.segment ? this.here.place.offset : 0;
      const size = sizeOf(this.#dir, name);
      if (size <= offset) continue;
      const bytes = bytesAt(this.#dir, name, { offset, length: Math.min(size - offset, SAMPLE) });
      yield { exported: this.#damage("trailing", { segment: name, offset, bytes, length: size - offset }) };
    }
  }

  line({ record, text, place }: PlacedLine, beside: BesideReader): readonly Exported[] {
    const offset = place.segment === this.here.place.segment ? this.here.place.offset : 0;
    const spot = { segment: place.segment, offset };
    if (record === undefined) {
      const bytes = bytesAt(this.#dir, place.segment, { offset, length: place.offset - offset - 1 });
      const damage = this.#damage(leafFault(bytes), { ...spot, bytes });
      this.here = { ...this.here, place };
      return [damage];
    }
    const faults = this.#faults(record).map((kind) => this.#damage(kind, { ...spot, bytes: Buffer.from(text) }));
    const found = beside(record, place.segment);
    const lost = found.lost.map((digest) => this.#damage("blob", { ...spot, bytes: Buffer.from(digest) }));
    const leaf = createHash("sha256").update(Uint8Array.of(0)).update(text).digest("hex");
    this.here = { next: Math.max(record.seq + 1, this.here.next), prev: leaf, ts: record.ts, place };
    return [...faults, ...lost, { kind: "record", record, line: text, leaf, beside: found.beside }];
  }

  #faults({ seq, prev }: LogRecord): readonly DamageKind[] {
    if (seq > this.here.next) return ["delete"];
    if (seq < this.here.next) return ["insert"];
    return prev === this.here.prev ? [] : ["edit"];
  }

  #damage(
    damage: DamageKind,
    at: { readonly segment: string; readonly offset: number; readonly bytes: Buffer; readonly length?: number },
  ): ExportedDamage {
    return {
      ...{ kind: "damage", damage, seq: this.here.next, file: `log/${at.segment}`, offset: at.offset },
      ...{ bytes: at.length ?? at.bytes.length, text: new TextDecoder().decode(at.bytes.subarray(0, 1024)) },
      ...{ hash: hash("sha256", at.bytes, "hex"), ts: this.here.ts },
    };
  }
}

/** Most bytes that are hashed of what is behind the last line. */
const SAMPLE = 8_388_608;

function sizeOf(dir: string, segment: string): number {
  const source = openSegmentFile(dir, segment);
  try {
    return source.size;
  } finally {
    source.close();
  }
}

function bytesAt(dir: string, segment: string, range: { readonly offset: number; readonly length: number }): Buffer {
  const source = openSegmentFile(dir, segment);
  try {
    const bytes = Buffer.alloc(Math.max(range.length, 0));
    let held = 0;
    while (held < bytes.length) {
      const count = source.read(bytes, held, bytes.length - held, range.offset + held);
      if (count === 0) break;
      held += count;
    }
    return bytes.subarray(0, held);
  } finally {
    source.close();
  }
}
