// Digests of files that are looked at again and again while a session runs. A file counts as the one that was read while inode, size and both
// times are the same, and only when it had been at rest before it was read: two writes within one tick of the kernel's clock look alike.
import { lstatSync } from "node:fs";
import { digestOf } from "./host-entry.ts";

/** Reads a file's digest. Throws as `digestOf` does. */
export type DigestReader = (path: string | Buffer) => string;

const AT_REST_NS = 2_000_000_000n;
const MOST = 50_000;

/** A reader that remembers. One for a session. */
export function cachedDigests(): DigestReader {
  const known = new Map<string, string>();
  return (path) => {
    const stats = lstatSync(path, { bigint: true });
    const key = [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(":");
    const before = known.get(key);
    if (before !== undefined) return before;
    const digest = digestOf(path);
    if (known.size >= MOST) known.clear();
    if (BigInt(Date.now()) * 1_000_000n - stats.ctimeNs > AT_REST_NS) known.set(key, digest);
    return digest;
  };
}
