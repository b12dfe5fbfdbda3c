// Any hash of a tree from its tiles (c2sp.org/tlog-tiles): what `inclusionProof` and `consistencyProof` ask for. A tile is a
// perfect subtree of height 8 whose lowest hashes are stored, so a hash in between costs at most 255 node hashes.
import { HASH_LENGTH, nodeHash, type Sha256 } from "./merkle.ts";
import type { HashAt } from "./proof.ts";

/** Hashes in a full tile. */
export const TILE_WIDTH = 256;

const HEIGHT = 8;

/** Hands out the first `width` hashes of a tile, end to end. Throws when it cannot. */
export type TileAt = (level: number, index: number, width: number) => Uint8Array;

/** The hashes of the tree of `size` leaves; no tile is asked for twice. */
export function hashesFromTiles(sha256: Sha256, size: number, tileAt: TileAt): HashAt {
  const tiles = new Map<string, Uint8Array>();
  const tile = (level: number, index: number): Uint8Array => {
    const name = `${level}/${index}`;
    const known = tiles.get(name);
    if (known !== undefined) return known;
    const width = tileWidth(size, level, index);
    const hashes = tileAt(level, index, width);
    if (hashes.length !== width * HASH_LENGTH) throw new RangeError("a tile has another width than its tree");
    tiles.set(name, hashes);
    return hashes;
  };
  return (level, index) => {
    const low = level % HEIGHT;
    const first = index * 2 ** low;
    const hashes = tile((level - low) / HEIGHT, Math.floor(first / TILE_WIDTH));
    const from = (first % TILE_WIDTH) * HASH_LENGTH;
    const part = hashes.subarray(from, from + 2 ** low * HASH_LENGTH);
    if (part.length !== 2 ** low * HASH_LENGTH) throw new RangeError("the tree has no such hash");
    return perfectRoot(sha256, part);
  };
}

/** How many hashes a tile holds in the tree of `size` leaves; 0 when it is not there. */
export function tileWidth(size: number, level: number, index: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level) - index * TILE_WIDTH;
  return Math.max(0, Math.min(TILE_WIDTH, hashes));
}

/** Root over hashes that stand end to end; their number is a power of two. */
export function perfectRoot(sha256: Sha256, hashes: Uint8Array): Uint8Array {
  if (hashes.length === HASH_LENGTH) return hashes;
  const middle = hashes.length / 2;
  return nodeHash(
    sha256,
    perfectRoot(sha256, hashes.subarray(0, middle)),
    perfectRoot(sha256, hashes.subarray(middle)),
  );
}
