// Where the reading of a long log may begin that is gone on with: at its open segment. What stands before it is known by its tiles, and the
// tree that is read on from there must have the root that was signed, so a tile that lies is found out. Of the segments before, the first
// and the last line are looked at: one that is gone, cut or blank is found, a change within is not. Whoever signs the next checkpoint
// vouches for the root that was signed before, not for the disk (`log verify` reads it all).
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Frontier, type HashAt, leafHash, openTree, TILE_WIDTH, toHex } from "#core/log";
import { sha256 } from "./crypto.ts";
import { linesAt } from "./lookup.ts";
import { Unreadable } from "./open-file.ts";
import { hashesOnDisk } from "./receipt-tiles.ts";
import type { ChainEnd } from "./scan.ts";
import { segmentNames } from "./segment-file.ts";
import { tilePath } from "./tiles.ts";

/** Somewhere in a log, with the tree before it. Believed only when a signed root follows from it. */
export interface Start extends ChainEnd {
  readonly frontier: Frontier;
  /** Root over the first `size` records, of what stands before the start. */
  readonly rootAt: (size: number) => string;
  /** Hashes of the records before the start. */
  readonly at: HashAt;
}

/** The start of the open segment; undefined for a log of one segment, without tiles, or whose older segments do not stand as the tiles know them. */
export function openSegmentStart(dir: string): Start | undefined {
  try {
    const starts = segmentNames(dir).map((name) => Number(name.slice(0, 12)));
    const size = starts.at(-1) ?? 0;
    if (size === 0 || !hasTiles(dir, size)) return undefined;
    const at = hashesOnDisk(dir, size);
    const edges = [0, ...starts.slice(1).flatMap((first) => [first - 1, first])].filter((seq) => seq < size);
    if (!edges.every((seq) => isLeaf(dir, seq, at(0, seq)))) return undefined;
    const rootAt = (wanted: number): string => toHex(openTree(sha256, frontierOf(at, wanted)).root());
    const prev = toHex(at(0, size - 1));
    return { size, prev, frontier: frontierOf(at, size), end: { firstSeq: size, bytes: 0 }, rootAt, at };
  } catch (error) {
    if (error instanceof Unreadable || error instanceof RangeError) return undefined;
    throw error;
  }
}

function isLeaf(dir: string, seq: number, known: Uint8Array): boolean {
  return linesAt(dir, seq, 1).every((line) => toHex(leafHash(sha256, line)) === toHex(known));
}

/** Every full tile of the tree of `size` leaves stands there: what is missing is made again by reading the lines. */
function hasTiles(dir: string, size: number): boolean {
  let level = 0;
  for (let count = Math.floor(size / TILE_WIDTH); count > 0; count = Math.floor(count / TILE_WIDTH)) {
    for (let index = 0; index < count; index += 1) if (!existsSync(join(dir, tilePath(level, index)))) return false;
    level += 1;
  }
  return true;
}

/** The perfect subtrees of the tree of `size` leaves, left to right: one for each bit. */
function frontierOf(at: HashAt, size: number): Frontier {
  const hashes: Uint8Array[] = [];
  for (let level = Math.floor(Math.log2(Math.max(1, size))); level >= 0; level -= 1) {
    const count = Math.floor(size / 2 ** level);
    if (count % 2 === 1) hashes.push(at(level, count - 1));
  }
  return { size, hashes };
}
