// One side of a change, read: a plain file of a layer, never through a link, whole or not at all.
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What was read. */
export interface Side {
  readonly bytes: Buffer;
  /** SHA-256, hex: what a decision on it is bound to. */
  readonly digest: string;
  /** UTF-8 without NUL. */
  readonly isText: boolean;
}

/** Reads it; `undefined` when it is no plain file in plain folders, or larger than `most`. */
export function readSide(root: string, path: string, most: number): Side | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = fstatSync(fd);
    if (!found.isFile() || found.size > most) return undefined;
    const bytes = readFileSync(fd);
    return { bytes, digest: createHash("sha256").update(bytes).digest("hex"), isText: isText(bytes) };
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function isText(bytes: Buffer): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

const SIGNS: readonly (readonly [string, string])[] = [
  ["7f454c46", "ELF program"],
  ["89504e47", "PNG image"],
  ["ffd8ff", "JPEG image"],
  ["47494638", "GIF image"],
  ["25504446", "PDF document"],
  ["504b0304", "zip archive"],
  ["1f8b", "gzip data"],
  ["fd377a58", "xz data"],
  ["28b52ffd", "zstd data"],
  ["0061736d", "WebAssembly"],
  ["53514c697465", "SQLite database"],
  ["cafebabe", "Java class"],
];

/** What the first bytes say it is. A courtesy: anybody can write them. */
export function kindOfBytes(bytes: Buffer): string {
  const head = bytes.subarray(0, 8).toString("hex");
  return SIGNS.find(([sign]) => head.startsWith(sign))?.[1] ?? "binary data";
}
