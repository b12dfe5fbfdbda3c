// What stands beside the lines: tiles (derived: any difference from what the lines give is damage) and blobs (named by their hash).
import { createHash } from "node:crypto";
import { closeSync, fstatSync, lstatSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { HASH_LENGTH, type LogVerdict } from "#core/log";
import { blobPath } from "./blobs.ts";
import type { Leaves } from "./leaves.ts";
import { openForScan, Unreadable, unreadable } from "./open-file.ts";
import { TILE_WIDTH, tilePath } from "./tiles.ts";

/** A place in a log that names a blob. */
export interface BlobUse {
  readonly digest: string;
  readonly bytes: number;
  readonly seq: number;
}

/** Compares tiles with the lines; `complete` also misses full tiles that are not there. `files` were listed before the lines were read. */
export function checkTiles(
  dir: string,
  files: readonly string[],
  log: { readonly leaves: Leaves; readonly complete: boolean },
): LogVerdict | undefined {
  for (const file of files) {
    const found = tileFault(dir, file, log.leaves);
    if (found === undefined) continue;
    if (found === "alien") return { word: "TAMPERED", kind: "framing", seq: 0, file };
    return { word: "TAMPERED", kind: "root", seq: found.seq, file, offset: found.offset };
  }
  if (!log.complete) return undefined;
  const missing = log.leaves
    .fullTiles()
    .flatMap((count, level) => Array.from({ length: count }, (_, index) => tilePath(level, index)))
    .find((path) => !files.includes(path));
  return missing === undefined ? undefined : { word: "INCOMPLETE", what: missing };
}

/** Number of the first leaf that a tile of level 0 knows otherwise. Tiles that cannot be read know nothing. */
export function firstTileDifference(dir: string, files: readonly string[], leaves: Leaves): number | undefined {
  for (const file of files.filter((name) => name.startsWith("tile/0/"))) {
    try {
      const found = tileFault(dir, file, leaves);
      if (found !== undefined && found !== "alien" && found.whole) return found.seq;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
    }
  }
  return undefined;
}

interface TileFault {
  readonly seq: number;
  readonly offset: number;
  /** It has the length that its name says, and the log reaches as far. */
  readonly whole: boolean;
}

function tileFault(dir: string, file: string, leaves: Leaves): TileFault | "alien" | undefined {
  const place = parseTilePath(file);
  if (place === undefined) return "alien";
  const have = readWhole(dir, file, TILE_WIDTH * HASH_LENGTH);
  const want = leaves.tile(place.level, place.index, place.width);
  const length = place.width * HASH_LENGTH;
  if (have.length === length && have.equals(want)) return undefined;
  const offset = firstDifference(have, want);
  const seq = (place.index * TILE_WIDTH + Math.floor(offset / HASH_LENGTH)) * TILE_WIDTH ** place.level;
  return { seq, offset, whole: have.length === length && want.length === length };
}

/** Compares every blob that a record names with its name, and every blob that none names: a crash leaves such, but never a false one. One that the ledger says was redacted may be gone, or overwritten and there still: a crash may come between. */
export function checkBlobs(
  dir: string,
  uses: readonly BlobUse[],
  redacted: ReadonlySet<string>,
): LogVerdict | undefined {
  const files = new Set(filesBelow(dir, "blobs"));
  const seen = new Map<string, number>();
  for (const { digest, bytes, seq } of uses) {
    const file = blobPath(digest);
    if (!files.has(file) && redacted.has(digest)) continue;
    if (!files.has(file)) return { word: "INCOMPLETE", what: file };
    const length = seen.get(digest) ?? wholeBlob(dir, digest, bytes);
    seen.set(digest, length);
    if (length !== bytes && !redacted.has(digest)) return { word: "TAMPERED", kind: "blob", seq, file };
  }
  for (const file of files) {
    const digest = /^blobs\/([0-9a-f]{2})\/([0-9a-f]{62})$/.exec(file)?.slice(1).join("");
    if (digest === undefined) return { word: "TAMPERED", kind: "framing", seq: 0, file };
    if (!seen.has(digest) && wholeBlob(dir, digest, MAX_BLOB) < 0)
      return { word: "TAMPERED", kind: "blob", seq: 0, file };
  }
  return undefined;
}

/** Length of a blob that is what its name says, or -1. One longer than `most` is not read: its size is whatever somebody made it. */
function wholeBlob(dir: string, digest: string, most: number): number {
  const file = blobPath(digest);
  try {
    const fd = openForScan(dir, file);
    try {
      const { size } = fstatSync(fd);
      if (size > most) return -1;
      const sum = createHash("sha256");
      const piece = Buffer.allocUnsafe(Math.min(size, 1_048_576));
      let length = 0;
      for (let count = -1; count !== 0 && length < size; length += count) {
        count = readSync(fd, piece, 0, Math.min(piece.length, size - length), length);
        sum.update(piece.subarray(0, count));
      }
      return sum.digest("hex") === digest ? length : -1;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** No log grows so large that a single value of it could be longer. */
const MAX_BLOB = 2 ** 30;

/** What a log's folder holds, and what may stand beside it: cosignatures, the vault of private fields, a public key for convenience. */
const NAMES: ReadonlySet<string> = new Set(
  "authority blobs certificate checkpoint checkpoints cosigned epochs log rekor tile timestamps vault vkey".split(" "),
);

/** Names in a log's folder that are no part of a log. Throws `Unreadable`. */
export function strangeNames(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => !NAMES.has(name) && !name.startsWith(".tmp-"))
      .sort();
  } catch (error) {
    throw unreadable(".", error);
  }
}

/**
 * The regular files in a folder that holds nothing else, crash leftovers apart. Throws `Unreadable` on anything else. Listed once: a writer at work
 * puts a name between two looks.
 */
export function filesIn(dir: string, folder: string): string[] {
  try {
    const found = lstatSync(join(dir, folder), { throwIfNoEntry: false });
    if (found === undefined) return [];
    const entries = found.isDirectory() ? readdirSync(join(dir, folder), { withFileTypes: true }) : [];
    const own = entries.filter(({ name }) => !name.startsWith(".tmp-"));
    const odd = found.isDirectory() ? own.find((entry) => !entry.isFile())?.name : "";
    if (odd !== undefined)
      throw new Unreadable(odd === "" ? folder : `${folder}/${odd}`, "alien", "is not a regular file");
    return own.map(({ name }) => `${folder}/${name}`).sort();
  } catch (error) {
    throw unreadable(folder, error);
  }
}

/** No tile or blob stands deeper. */
const DEEPEST = 9;

/** Every regular file below a folder of the log, crash leftovers (`.tmp-…`) apart. Throws `Unreadable` on anything else. */
export function filesBelow(dir: string, folder: string): string[] {
  if (folder.split("/").length > DEEPEST) throw new Unreadable(folder, "alien", "is too deep for a log");
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

/** A file of the log as it is, never through a link. One longer than `most` is cut there, which no check lets pass. Throws `Unreadable`. */
export function readWhole(dir: string, file: string, most: number = 4_194_304): Buffer {
  try {
    const fd = openForScan(dir, file);
    try {
      const length = Math.min(fstatSync(fd).size, most + 1);
      const bytes = Buffer.alloc(length);
      let filled = 0;
      for (let count = -1; filled < length && count !== 0; filled += count)
        count = readSync(fd, bytes, filled, length - filled, filled);
      return bytes.subarray(0, filled);
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
