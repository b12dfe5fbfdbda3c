// One path of the real workspace as it is now: what stands there, and what tells it from a later state. Never follows the last link.
import { createHash } from "node:crypto";
import { type BigIntStats, closeSync, lstatSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { type EntryType, gitPlace, type HostEntry, indexMeaning, type PastEntry } from "#core/review";
import { nameOf } from "./names.ts";
import { openRegular } from "./regular-file.ts";

/** The entry at `path`, or `undefined` when there is none. Throws on anything else that keeps it from being looked at. */
export function hostEntry(path: string | Buffer): HostEntry | undefined {
  let stats: BigIntStats;
  try {
    stats = lstatSync(path, { bigint: true });
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
  const entry = {
    type: typeOf(stats),
    mode: Number(stats.mode & 0o7777n),
    size: Number(stats.size),
    stamp: stampOf(stats),
    // Change time, not modification time: that one anybody may set.
    changedMs: Number(stats.ctimeNs / 1_000_000n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
  };
  return stats.isSymbolicLink() ? { ...entry, target: nameOf(readlinkSync(path, "buffer")).text } : entry;
}

/** The same for undo: owner and exact time of modification, no digest. `path` is where it is found, not its name. */
export function pastEntry(path: string): PastEntry | null {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return null;
  const entry = {
    type: typeOf(stats),
    mode: Number(stats.mode & 0o7777n),
    size: Number(stats.size),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtimeNs: String(stats.mtimeNs),
    inode: String(stats.ino),
  };
  return stats.isSymbolicLink() ? { ...entry, target: nameOf(readlinkSync(path, "buffer")).text } : entry;
}

/** What git's index at `path` (its name in the workspace) says, for a file found at `file`; `undefined` for every other file. */
export function meaningOf(path: string, file: string): string | undefined {
  if (gitPlace(path)?.inside !== "index") return undefined;
  const fd = openRegular(file);
  try {
    const meaning = indexMeaning(readFileSync(fd));
    return meaning === undefined ? undefined : createHash("sha256").update(meaning).digest("hex");
  } finally {
    closeSync(fd);
  }
}

/** The same with digest and meaning: all that tells whether it still is what a session left. */
export function stateOf(path: string, at: string): PastEntry | null {
  const entry = pastEntry(at);
  if (entry?.type !== "file") return entry;
  const meaning = meaningOf(path, at);
  return { ...entry, digest: digestOf(at), ...(meaning === undefined ? {} : { meaning }) };
}

/** Inode, size, times and number of names of one state of a file. */
export function stampOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.mode}:${stats.ctimeNs}:${stats.nlink}`;
}

/**
 * True when both stamps are of one state. Of a file with several names (now or then) mode and change time move with each of them, so there size
 * and time of modification have to do.
 */
export function isSameStamp(a: string, b: string): boolean {
  const [left, right] = [a.split(":"), b.split(":")];
  const hasMore = [left, right].some((parts) => parts[6] !== "1");
  const counted = hasMore ? 4 : 6;
  return left.slice(0, counted).join() === right.slice(0, counted).join();
}

// One for all files, each read to its end before the next: fresh memory for each of a few hundred costs more than reading them.
const CHUNK = Buffer.allocUnsafeSlow(256 * 1024);

/** SHA-256 of a regular file's bytes, hex. Throws at anything else (regular-file.ts). */
export function digestOf(path: string | Buffer): string {
  const fd = openRegular(path);
  try {
    const hash = createHash("sha256");
    for (let size = readSync(fd, CHUNK); size > 0; size = readSync(fd, CHUNK)) hash.update(CHUNK.subarray(0, size));
    return hash.digest("hex");
  } finally {
    closeSync(fd);
  }
}

/** True for "there is nothing there": also when something that is no folder stands in the way. */
export function isAbsence(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}

function typeOf(stats: BigIntStats): EntryType {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  if (stats.isSymbolicLink()) return "link";
  if (stats.isFIFO()) return "fifo";
  return stats.isSocket() ? "socket" : "device";
}
