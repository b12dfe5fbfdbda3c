// The image of one file before it is replaced. Usually a copy of its bytes, named by their digest: what is written to the host's file
// later never reaches it. A large file, a dependency's, or one with several names is kept by one more name of its inode instead (or as well),
// and looked at again before it is given back.
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { isDependencyFolder } from "#core/paths";
import type { PastEntry } from "#core/review";
import { digestOf } from "./host-entry.ts";
import type { PastStore } from "./past-store.ts";
import { openRegular } from "./regular-file.ts";

const { COPYFILE_EXCL, COPYFILE_FICLONE, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/** Below this a copy costs less than asking how to spare it. */
const SMALL = 256 * 1024;
/** From here on a second name does, where it can be had. */
const LARGE = 8 * 1024 * 1024;

/** One file that is about to be replaced. */
export interface Original {
  /** Its name in the workspace. */
  readonly path: string;
  /** Where it is reached, through an open folder. */
  readonly at: string;
  readonly entry: PastEntry;
  /** Its digest, when somebody knows it. */
  readonly digest: string | undefined;
  /** An undo replaces it. */
  readonly isUndone?: true;
  /** It stays on the host under another name, so one more of its inode is enough. */
  readonly stays?: true;
}

/** Keeps the file and answers its entry with digest or twin, or throws (no room, not readable). */
export function keepImage(store: PastStore, original: Original, durable: boolean): PastEntry {
  const { entry, path, at } = original;
  const names = lstatSync(at).nlink;
  const isCostly = entry.size >= LARGE || path.split("/").some(isDependencyFolder);
  const byName = original.stays === true || (isCostly && (names === 1 || original.isUndone !== true));
  // What an undo replaces may have names that stay on the host: one more of ours would be seen there, and change with them.
  const twin = byName || (names > 1 && original.isUndone !== true) ? keepTwin(store, at) : undefined;
  const digest = byName && twin !== undefined ? original.digest : keepCopy(store, original, durable);
  const { inode, ...rest } = entry;
  // Names that share an inode share it again, whichever way they are given back.
  const isKnownByInode = inode !== undefined && (twin !== undefined || names > 1);
  return {
    ...rest,
    ...(digest === undefined ? {} : { digest }),
    ...(twin === undefined ? {} : { twin }),
    ...(isKnownByInode ? { inode } : {}),
  };
}

/** Another name of the inode, or `undefined` where it cannot have one (another file system, somebody else's file). */
function keepTwin(store: PastStore, at: string): string | undefined {
  const { name, path } = store.fresh("twins");
  try {
    linkSync(at, path);
    return name;
  } catch {
    return undefined;
  }
}

function keepCopy(store: PastStore, { at, digest, entry }: Original, durable: boolean): string {
  if (store.has(digest)) return digest;
  const { path } = store.fresh("images");
  try {
    const found = entry.size < SMALL ? copySmall(at, path, durable) : copyLarge(at, path, durable);
    if (store.has(found)) rmSync(path);
    else renameSync(path, store.image(found));
    return found;
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/** Reads once, so the name is the digest of exactly what is kept. */
function copySmall(from: string, to: string, durable: boolean): string {
  const hash = createHash("sha256");
  const source = openRegular(from);
  try {
    const target = openSync(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      const buffer = Buffer.allocUnsafe(SMALL);
      for (let size = readSync(source, buffer); size > 0; size = readSync(source, buffer)) {
        hash.update(buffer.subarray(0, size));
        for (let at = 0; at < size; ) at += writeSync(target, buffer, at, size - at);
      }
      if (durable) fsyncSync(target);
      return hash.digest("hex");
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Shares the blocks where the file system can. The copy is what is hashed. */
function copyLarge(from: string, to: string, durable: boolean): string {
  const source = openRegular(from);
  try {
    copyFileSync(`/proc/self/fd/${source}`, to, COPYFILE_EXCL | COPYFILE_FICLONE);
  } finally {
    closeSync(source);
  }
  const copy = openSync(to, O_RDONLY | O_NOFOLLOW);
  try {
    fchmodSync(copy, 0o600);
    if (durable) fsyncSync(copy);
  } finally {
    closeSync(copy);
  }
  return digestOf(to);
}

/** The twin's path while it still is what was kept, else `undefined`. */
export function soundTwin(store: PastStore, entry: PastEntry): string | undefined {
  if (entry.twin === undefined) return undefined;
  const path = store.twin(entry.twin);
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  const isSame =
    found?.isFile() === true &&
    Number(found.size) === entry.size &&
    String(found.mtimeNs) === entry.mtimeNs &&
    String(found.ino) === entry.inode;
  if (!isSame) return undefined;
  return entry.digest === undefined || digestOf(path) === entry.digest ? path : undefined;
}
