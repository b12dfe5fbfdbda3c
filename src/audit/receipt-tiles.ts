// The tiles of a log on disk, as proofs need them: the full tile, else the partial one of this size, else what the lines or the
// tiles below give (a log that is still open has no partial tiles, the ledger has none at all). Trusts nothing: a proof is
// checked against the signed root before it is handed out.
import { HASH_LENGTH, type HashAt, hashesFromTiles, leafHash, perfectRoot, TILE_WIDTH } from "#core/log";
import { sha256 } from "./crypto.ts";
import { filesBelow, readWhole } from "./derived.ts";
import { linesAt } from "./lookup.ts";
import { Unreadable } from "./open-file.ts";
import { tilePath } from "./tiles.ts";

/** The hashes of the first `size` records of the log in `dir`. Its calls throw `Unreadable`. */
export function hashesOnDisk(dir: string, size: number): HashAt {
  const tileAt = (level: number, index: number, width: number): Uint8Array =>
    storedTile(dir, level, index, width) ?? madeTile(level, index, width);
  const madeTile = (level: number, index: number, width: number): Uint8Array => {
    const hashes = Buffer.alloc(width * HASH_LENGTH);
    const from = index * TILE_WIDTH;
    if (level === 0) {
      const lines = linesAt(dir, from, width);
      for (const [i, line] of lines.entries()) hashes.set(leafHash(sha256, line), i * HASH_LENGTH);
      return hashes;
    }
    const begun = longestPartial(dir, tilePath(level, index), width);
    hashes.set(begun);
    for (let i = begun.length / HASH_LENGTH; i < width; i++)
      hashes.set(perfectRoot(sha256, tileAt(level - 1, from + i, TILE_WIDTH)), i * HASH_LENGTH);
    return hashes;
  };
  return hashesFromTiles(sha256, size, tileAt);
}

/** A tile that is there, cut to `width`: a log that grew has the full one. */
function storedTile(dir: string, level: number, index: number, width: number): Uint8Array | undefined {
  const path = tilePath(level, index);
  const full = readIfThere(dir, path);
  if (full?.length === TILE_WIDTH * HASH_LENGTH) return full.subarray(0, width * HASH_LENGTH);
  const partial = readIfThere(dir, `${path}.p/${width}`);
  return partial?.length === width * HASH_LENGTH ? partial : undefined;
}

/** The longest partial tile that is no wider than `width`: what it holds, the wider one begins with. */
function longestPartial(dir: string, path: string, width: number): Uint8Array {
  const widths = filesBelow(dir, `${path}.p`).map((file) => Number(file.slice(file.lastIndexOf("/") + 1)));
  const best = Math.max(0, ...widths.filter((each) => each <= width));
  const hashes = best === 0 ? undefined : readIfThere(dir, `${path}.p/${best}`);
  return hashes?.length === best * HASH_LENGTH ? hashes : new Uint8Array(0);
}

function readIfThere(dir: string, file: string): Uint8Array | undefined {
  try {
    return readWhole(dir, file);
  } catch (error) {
    if (error instanceof Unreadable && error.reason === "absent") return undefined;
    throw error;
  }
}
