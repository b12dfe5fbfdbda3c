// What stands beside the lines: tiles (derived: any difference from what the lines give is damage) and blobs (named by their hash).
import { closeSync, existsSync, fstatSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HASH_LENGTH, type LogVerdict } from "#core/log";
import { blobPath } from "./blobs.ts";
import { sha256Hex } from "./crypto.ts";
import type { Leaves } from "./leaves.ts";
import { openForScan, unreadable } from "./scan.ts";
import { TILE_WIDTH, tilePath } from "./tiles.ts";

/** A place in a log that names a blob. */
export interface BlobUse {
  readonly digest: string;
  readonly bytes: number;
  readonly seq: number;
}

/** Compares every tile that is there with the lines; `complete` also misses full tiles that are not there. */
export function checkTiles(dir: string, leaves: Leaves, complete: boolean): LogVerdict | undefined {
  for (const file of filesBelow(dir, "tile")) {
    const place = parseTilePath(file);
    if (place === undefined) return { word: "TAMPERED", kind: "framing", seq: 0, file };
    const have = readWhole(dir, file);
    const want = leaves.tile(place.level, place.index, place.width);
    if (have.length === place.width * HASH_LENGTH && have.equals(want)) continue;
    const at = firstDifference(have, want);
    const span = TILE_WIDTH ** place.level;
    const seq = (place.index * TILE_WIDTH + Math.floor(at / HASH_LENGTH)) * span;
    return { word: "TAMPERED", kind: "root", seq, file, offset: at };
  }
  if (!complete) return undefined;
  const missing = leaves
    .fullTiles()
    .flatMap((count, level) => Array.from({ length: count }, (_, index) => tilePath(level, index)))
    .find((path) => !existsSync(join(dir, path)));
  return missing === undefined ? undefined : { word: "INCOMPLETE", what: missing };
}

/** Compares every blob that a record names with its name, and refuses blobs that none names. */
export function checkBlobs(dir: string, uses: readonly BlobUse[]): LogVerdict | undefined {
  for (const { digest, bytes, seq } of uses) {
    const file = blobPath(digest);
    if (!existsSync(join(dir, file))) return { word: "INCOMPLETE", what: file };
    const content = readWhole(dir, file);
    if (content.length !== bytes || sha256Hex(content) !== digest) return { word: "TAMPERED", kind: "blob", seq, file };
  }
  return undefined;
}

/** Every regular file below a folder of the log, crash leftovers (`.tmp-…`) apart. Throws `Unreadable` on anything else. */
export function filesBelow(dir: string, folder: string): string[] {
  try {
    const found = lstatSync(join(dir, folder), { throwIfNoEntry: false });
    if (found === undefined) return [];
    if (!found.isDirectory()) throw Object.assign(new Error(folder), { code: "EFTYPE" });
    return readdirSync(join(dir, folder), { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith(".tmp-"))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const path = `${folder}/${entry.name}`;
        if (entry.isDirectory()) return filesBelow(dir, path);
        if (entry.isFile()) return [path];
        throw Object.assign(new Error(path), { code: "EFTYPE" });
      });
  } catch (error) {
    throw unreadable(folder, error);
  }
}

/** A file of the log as it is, never through a link. Throws `Unreadable`. */
export function readWhole(dir: string, file: string): Buffer {
  try {
    const fd = openForScan(dir, file);
    try {
      return fstatSync(fd).size === 0 ? Buffer.alloc(0) : readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

function parseTilePath(file: string): { level: number; index: number; width: number } | undefined {
  const match = /^tile\/(\d|[1-5]\d)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(file);
  const [level, groups, width] = [match?.[1], match?.[2], match?.[3]];
  if (level === undefined || groups === undefined) return undefined;
  const index = Number(groups.replaceAll(/[x/]/g, ""));
  const partial = width === undefined ? TILE_WIDTH : Number(width);
  if (!Number.isSafeInteger(index) || tilePath(Number(level), index) !== `tile/${level}/${groups}`) return undefined;
  return { level: Number(level), index, width: partial };
}

function firstDifference(a: Buffer, b: Buffer): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return i;
  return Math.min(a.length, b.length);
}
