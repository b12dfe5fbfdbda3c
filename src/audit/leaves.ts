// All leaf hashes of a log while it is verified, 32 bytes each in one growing buffer, and the tiles they should give.
import { HASH_LENGTH, nodeHash } from "#core/log";
import { sha256 } from "./crypto.ts";
import { TILE_WIDTH } from "./tiles.ts";

/** A level of the tile pyramid: its hashes end to end. */
export class Leaves {
  #bytes: Buffer = Buffer.allocUnsafe(HASH_LENGTH * 4096);
  #count = 0;
  #levels: Buffer[] | undefined;

  /** Hashes so far. */
  get count(): number {
    return this.#count;
  }

  add(hash: Uint8Array): void {
    const at = this.#count * HASH_LENGTH;
    if (at === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2);
    this.#bytes.set(hash, at);
    this.#count += 1;
  }

  /** Hashes of a tile as they should be, at most `width`; shorter when the log is. */
  tile(level: number, index: number, width: number): Buffer {
    this.#levels ??= pyramid(this.#bytes.subarray(0, this.#count * HASH_LENGTH));
    const from = index * TILE_WIDTH * HASH_LENGTH;
    return (this.#levels[level] ?? Buffer.alloc(0)).subarray(from, from + width * HASH_LENGTH);
  }

  /** How many full tiles each level should have. */
  fullTiles(): readonly number[] {
    this.#levels ??= pyramid(this.#bytes.subarray(0, this.#count * HASH_LENGTH));
    return this.#levels.map((level) => Math.floor(level.length / HASH_LENGTH / TILE_WIDTH));
  }
}

function pyramid(leaves: Buffer): Buffer[] {
  const levels = [leaves];
  for (let below = leaves; below.length >= TILE_WIDTH * HASH_LENGTH; ) {
    const roots: Uint8Array[] = [];
    const span = TILE_WIDTH * HASH_LENGTH;
    for (let at = 0; at + span <= below.length; at += span) roots.push(perfectRoot(below.subarray(at, at + span)));
    below = Buffer.concat(roots);
    levels.push(below);
  }
  return levels;
}

/** Root of a full tile. */
function perfectRoot(hashes: Buffer): Uint8Array {
  let level: Uint8Array[] = [];
  for (let at = 0; at < hashes.length; at += HASH_LENGTH) level.push(hashes.subarray(at, at + HASH_LENGTH));
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2)
      above.push(nodeHash(sha256, level[i] as Uint8Array, level[i + 1] as Uint8Array));
    level = above;
  }
  return level[0] as Uint8Array;
}
