// Hash tiles (c2sp.org/tlog-tiles): 256 hashes a file, level 0 the leaves, level n+1 the roots of full tiles of level n.
// Derived from the log and rebuildable; they make proofs cheap and show which leaf was changed.
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type HashAt, openTree } from "#core/log";
import { sha256 } from "./crypto.ts";
import { publishFile } from "./files.ts";

/** Hashes in a full tile. */
export const TILE_WIDTH = 256;

/** A tile that can be written: its path below the log's folder and its hashes. */
export interface Tile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Collects leaf hashes and gives out tiles as they fill. */
export interface TileBuilder {
  add(leaf: Uint8Array): void;
  /** Full tiles that are not written yet. */
  full(): readonly Tile[];
  /** The first `count` of them are written now. */
  written(count: number): void;
  /** The partial tiles of the tree as it is now: what a closed log needs besides its full ones. */
  partial(): readonly Tile[];
}

/** The tree before the first leaf that a builder is told. */
export interface TilesStart {
  readonly size: number;
  readonly at: HashAt;
}

/**
 * Opens a builder, for an empty tree unless `start` says which one. A log that is gone on with has most tiles already: `isThere` says which
 * need no writing.
 */
export function openTiles(
  isThere: (path: string) => boolean = () => false,
  start: TilesStart = { size: 0, at: nothing },
): TileBuilder {
  const levels = begunLevels(start);
  const full: Tile[] = [];
  const add = (level: number, hash: Uint8Array): void => {
    levels[level] ??= { index: 0, hashes: [] };
    const at = levels[level];
    at.hashes.push(hash);
    if (at.hashes.length < TILE_WIDTH) return;
    const path = tilePath(level, at.index);
    if (!isThere(path)) full.push({ path, bytes: Buffer.concat(at.hashes) });
    const tree = openTree(sha256);
    for (const each of at.hashes) tree.append(each);
    at.hashes = [];
    at.index += 1;
    add(level + 1, tree.root());
  };
  return {
    add: (leaf) => add(0, leaf),
    full: () => [...full],
    written: (count) => {
      full.splice(0, count);
    },
    partial: () =>
      levels.flatMap(({ index, hashes }, level) =>
        hashes.length === 0
          ? []
          : [{ path: `${tilePath(level, index)}.p/${hashes.length}`, bytes: Buffer.concat(hashes) }],
      ),
  };
}

interface Level {
  index: number;
  hashes: Uint8Array[];
}

/** The tile of each level that is not full yet. */
function begunLevels({ size, at }: TilesStart): Level[] {
  const levels: Level[] = [];
  for (let count = size; count > 0; count = Math.floor(count / TILE_WIDTH)) {
    const first = count - (count % TILE_WIDTH);
    const level = LEVELS_A_TILE * levels.length;
    const hashes = Array.from({ length: count % TILE_WIDTH }, (_, i) => at(level, first + i));
    levels.push({ index: first / TILE_WIDTH, hashes });
  }
  return levels;
}

const LEVELS_A_TILE = 8;

function nothing(): never {
  throw new RangeError("an empty tree has no hashes");
}

/** `tile/0/x001/x234/067`. */
export function tilePath(level: number, index: number): string {
  const groups = [String(index % 1000).padStart(3, "0")];
  for (let n = Math.floor(index / 1000); n > 0; n = Math.floor(n / 1000))
    groups.unshift(`x${String(n % 1000).padStart(3, "0")}`);
  return `tile/${level}/${groups.join("/")}`;
}

/** Writes tiles below the log's folder. */
export async function writeTiles(dir: string, tiles: readonly Tile[]): Promise<void> {
  for (const tile of tiles) {
    const path = join(dir, tile.path);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await publishFile(path, tile.bytes);
  }
}
