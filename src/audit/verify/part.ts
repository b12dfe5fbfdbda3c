// One segment read on its own, as a thread does: strictly, but for its first `prev`, which whoever joins segments must compare.

import { HASH_LENGTH } from "#core/log";
import { LineReader } from "../scan.ts";
import { openSegmentFile } from "../segment-file.ts";
import { Collector, type GoodSegment } from "./records.ts";

/** What a thread answers: what it read, or that something in it needs to be looked at in order. */
export type SegmentRead = GoodSegment | { readonly good: false };

/** Reads the segment `name` of the log in `dir`. Never throws for anything the folder holds. */
export function readSegment(dir: string, session: string | undefined, name: string): SegmentRead {
  const first = Number(name.slice(0, 12));
  try {
    const prev = firstPrev(dir, name);
    if (prev === undefined) return { good: false };
    const leaves = new HashList();
    const collector = new Collector();
    const reader = new LineReader(dir, {
      ...(session === undefined ? {} : { session }),
      from: { size: first, prev, end: { firstSeq: first, bytes: 0 } },
      onLine: (view, line) => {
        leaves.add(line.hex);
        collector.look(view, line);
      },
    });
    if (!reader.segment(name, { last: false })) return { good: false };
    const { controls, blobs } = collector;
    return { good: true, prev, at: reader.at, leaves: leaves.bytes(), controls, blobs };
  } catch (error) {
    // Whatever stands in the way is met again by the one reader that may say what it is.
    if (error instanceof Error) return { good: false };
    throw error;
  }
}

function firstPrev(dir: string, name: string): string | undefined {
  const source = openSegmentFile(dir, name);
  try {
    const head = Buffer.alloc(128);
    const filled = source.read(head, 0, head.length, 0);
    return /^\{"v":1,"seq":\d+,"prev":"([0-9a-f]{64})"/.exec(head.toString("latin1", 0, filled))?.[1];
  } finally {
    source.close();
  }
}

/** Hashes end to end in memory that can be handed to another thread. */
class HashList {
  #room: Buffer<ArrayBuffer> = Buffer.from(new ArrayBuffer(1_048_576));
  #length = 0;

  add(hex: string): void {
    if (this.#length === this.#room.length) {
      const larger = Buffer.from(new ArrayBuffer(2 * this.#room.length));
      larger.set(this.#room);
      this.#room = larger;
    }
    this.#room.write(hex, this.#length, HASH_LENGTH, "hex");
    this.#length += HASH_LENGTH;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#room.buffer.slice(0, this.#length));
  }
}
