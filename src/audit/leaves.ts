// All leaf hashes of a log while it is verified, 32 bytes each, with the roots of full tiles above them: any root and any tile
// of the tree can be had from these, and nothing is hashed twice.
import { hash } from "node:crypto";
import { HASH_LENGTH } from "#core/log";
import { TILE_WIDTH } from "./tiles.ts";

const TILE_BYTES = TILE_WIDTH * HASH_LENGTH;

/** Tiles of one piece of memory: growing never copies. */
const CHUNK_BYTES = 128 * TILE_BYTES;

/** The hashes of a log's tree. */
export class Leaves {
  /** Level 0 holds leaves, level n+1 the roots of the full tiles of level n. */
  readonly #levels: Level[] = [new Level()];

  /** Leaves so far. */
  get count(): number {
    return this.#level(0).count;
  }

  /** Adds the next leaf, as hexadecimal. */
  add(hex: string): void {
    const level = this.#level(0);
    level.slot().write(hex, 0, HASH_LENGTH, "hex");
    if (level.count % TILE_WIDTH === 0) this.#filled(0);
  }

  /** Adds leaves that stand end to end. */
  addAll(hashes: Buffer): void {
    const level = this.#level(0);
    for (let at = 0; at < hashes.length; at += HASH_LENGTH) {
      level.slot().set(hashes.subarray(at, at + HASH_LENGTH));
      if (level.count % TILE_WIDTH === 0) this.#filled(0);
    }
  }

  /** Hashes of a tile as they should be, at most `width`; shorter when the log is. */
  tile(level: number, index: number, width: number): Buffer {
    return this.#levels[level]?.tile(index).subarray(0, width * HASH_LENGTH) ?? Buffer.alloc(0);
  }

  /** How many full tiles each level should have. */
  fullTiles(): readonly number[] {
    return this.#levels.map(({ count }) => Math.floor(count / TILE_WIDTH));
  }

  /** Index of the first of `count` leaves that is another one there; `count` when none is. Both must have as many. */
  firstDifference(other: Leaves, count: number): number {
    for (let from = 0; from < count; from += TILE_WIDTH) {
      const width = Math.min(TILE_WIDTH, count - from);
      const [mine, theirs] = [this, other].map((leaves) => leaves.tile(0, from / TILE_WIDTH, width));
      if (mine?.equals(theirs as Buffer) === true) continue;
      for (let seq = from; seq < from + width; seq++)
        if (!this.#level(0).hash(seq).equals(other.#level(0).hash(seq))) return seq;
    }
    return count;
  }

  /** Root over the first `size` leaves, as hexadecimal; of no leaves, the hash of nothing. */
  rootAt(size: number): string {
    if (size === 0) return hash("sha256", Buffer.alloc(0), "hex");
    return this.#range(0, size).toString("hex");
  }

  /** Root over all leaves and one more, which is not added. */
  rootWith(hex: string): string {
    // Perfect subtrees left to right, the new leaf folded in from the right (RFC 6962 section 2.1).
    const { count } = this;
    let root: Buffer = Buffer.from(hex, "hex");
    let span = 1;
    for (let rest = count; rest > 0; rest = Math.floor(rest / 2), span *= 2)
      if (rest % 2 === 1) root = nodeOf(this.#range((rest - 1) * span, rest * span), root);
    return root.toString("hex");
  }

  /** Hash of leaves [low, high) (RFC 6962 section 2.1); `low` is a multiple of the largest power of two in the range. */
  #range(low: number, high: number): Buffer {
    const length = high - low;
    if (length === 1) return this.#level(0).hash(low);
    const stored = storedLevel(length);
    if (stored > 0) return this.#level(stored).hash(low / length);
    let half = 1;
    while (half * 2 < length) half *= 2;
    return nodeOf(this.#range(low, low + half), this.#range(low + half, high));
  }

  #filled(level: number): void {
    const below = this.#level(level);
    this.#levels[level + 1] ??= new Level();
    const above = this.#level(level + 1);
    above.slot().set(tileRoot(below.tile(below.count / TILE_WIDTH - 1)));
    if (above.count % TILE_WIDTH === 0) this.#filled(level + 1);
  }

  #level(level: number): Level {
    return this.#levels[level] as Level;
  }
}

/** Hashes of one level in pieces that are never moved. */
class Level {
  readonly #chunks: Buffer[] = [];
  count = 0;

  /** Room for the next hash, which counts at once. */
  slot(): Buffer {
    const at = (this.count * HASH_LENGTH) % CHUNK_BYTES;
    if (at === 0) this.#chunks.push(Buffer.allocUnsafe(CHUNK_BYTES));
    this.count += 1;
    return (this.#chunks.at(-1) as Buffer).subarray(at, at + HASH_LENGTH);
  }

  hash(index: number): Buffer {
    const at = index * HASH_LENGTH;
    const chunk = this.#chunks[Math.floor(at / CHUNK_BYTES)];
    if (chunk === undefined || index >= this.count) throw new RangeError("no such hash");
    return chunk.subarray(at % CHUNK_BYTES, (at % CHUNK_BYTES) + HASH_LENGTH);
  }

  tile(index: number): Buffer {
    const start = index * TILE_BYTES;
    const there = Math.min(TILE_BYTES, this.count * HASH_LENGTH - start);
    const chunk = this.#chunks[Math.floor(start / CHUNK_BYTES)];
    if (chunk === undefined || there <= 0) return Buffer.alloc(0);
    return chunk.subarray(start % CHUNK_BYTES, (start % CHUNK_BYTES) + there);
  }
}

/** The level whose hashes cover `length` leaves, or 0. */
function storedLevel(length: number): number {
  let level = 0;
  for (let span = 1; span < length; span *= TILE_WIDTH) level += 1;
  return TILE_WIDTH ** level === length ? level : 0;
}

const NODE: Buffer = Buffer.alloc(1 + 2 * HASH_LENGTH, 1);

function nodeOf(left: Buffer, right: Buffer): Buffer {
  NODE.set(left, 1);
  NODE.set(right, 1 + HASH_LENGTH);
  return hash("sha256", NODE, "buffer");
}

const FOLD: Buffer = Buffer.alloc(TILE_BYTES);

/** Root of a full tile. Pairs stand side by side, so each is copied once; a digest as text is cheaper than one as a buffer. */
function tileRoot(hashes: Buffer): Buffer {
  let from = hashes;
  for (let pairs = TILE_WIDTH / 2; pairs >= 1; pairs /= 2) {
    for (let i = 0; i < pairs; i++) {
      from.copy(NODE, 1, 2 * i * HASH_LENGTH, 2 * (i + 1) * HASH_LENGTH);
      FOLD.write(hash("sha256", NODE, "binary"), i * HASH_LENGTH, HASH_LENGTH, "latin1");
    }
    from = FOLD;
  }
  return FOLD.subarray(0, HASH_LENGTH);
}
