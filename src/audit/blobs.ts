// Content too long for a line: `blobs/ab/cdef…`, named by its SHA-256, durable before the line that names it.
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Blob } from "#core/log";
import { publishFile, syncFolder } from "./files.ts";

/** Path of a blob below the log's folder. */
export function blobPath(digest: string): string {
  return `blobs/${digest.slice(0, 2)}/${digest.slice(2)}`;
}

/** Writes blobs; the same content twice is one file. */
export async function writeBlobs(dir: string, blobs: readonly Blob[]): Promise<void> {
  for (const blob of blobs) {
    const path = join(dir, blobPath(blob.digest));
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await publishFile(path, blob.bytes);
    await syncFolder(join(dir, "blobs"));
    await syncFolder(dir);
  }
}
