// One file of the session copied to a new name, checked on the way: the bytes that arrive are the bytes that were judged.
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import type { Entry } from "#core/review";
import { openRegular } from "./regular-file.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** How the copy is to be. */
export interface CopyOptions {
  /** What was judged: digest and mode. */
  readonly after: Entry;
  /** Whose it is to be; nobody's in particular when absent. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Which permission bits come along. */
  readonly modeBits: number;
  /** Wait until it is on the disk. */
  readonly durable: boolean;
}

/** Copies `from` to the new name `to`. False when the bytes are not those judged; then, and when it throws, nothing stays at `to`. */
export function copyChecked(from: string, to: string, options: CopyOptions): boolean {
  const source = openRegular(from);
  let isWhole = false;
  try {
    const target = openSync(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      // What grows while it is read is not what was judged: one byte more tells.
      const digest = pour(source, target, options.after.size + 1);
      if (digest !== options.after.digest) return false;
      // Only root makes files for others; everybody else's copy is their own, as with any editor.
      if (options.owner !== undefined && process.getuid?.() === 0)
        fchownSync(target, options.owner.uid, options.owner.gid);
      fchmodSync(target, options.after.mode & options.modeBits);
      if (options.durable) fsyncSync(target);
      isWhole = true;
      return true;
    } finally {
      closeSync(target);
      if (!isWhole) unlinkSync(to);
    }
  } finally {
    closeSync(source);
  }
}

/** Copies what is left of one descriptor to another, `most` bytes at most, and answers the digest of it. */
export function pour(source: number, target: number, most: number): string {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(256 * 1024);
  let left = most;
  const next = (): number => readSync(source, buffer, 0, Math.min(left, buffer.length), null);
  for (let size = next(); size > 0; size = next()) {
    left -= size;
    hash.update(buffer.subarray(0, size));
    for (let at = 0; at < size; ) at += writeSync(target, buffer, at, size - at);
  }
  return hash.digest("hex");
}
