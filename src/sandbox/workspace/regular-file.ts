// Reading files that somebody else may swap at any moment, the agent's most of all: a regular file, or nothing.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

// Not in node's list; the same number on every architecture that Linux and this program support.
const O_PATH = 0o10000000;

/** Opens a regular file for reading. Throws (`EINVAL`, or `ELOOP` at a last link) at anything else, without opening it: to open a device can be an act. */
export function openRegular(path: string | Buffer): number {
  const place = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    if (!fstatSync(place).isFile()) throw Object.assign(new Error("EINVAL: no regular file"), { code: "EINVAL" });
    return openSync(`/proc/self/fd/${place}`, constants.O_RDONLY | constants.O_NONBLOCK);
  } finally {
    closeSync(place);
  }
}

/** The text of a small regular file; `undefined` where there is none, where it cannot be read, and where it is larger than `most` bytes. */
export function smallText(path: string, most: number): string | undefined {
  let fd: number | undefined;
  try {
    fd = openRegular(path);
    const { size } = fstatSync(fd);
    if (size > most) return undefined;
    const bytes = Buffer.alloc(size);
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, size, 0));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
