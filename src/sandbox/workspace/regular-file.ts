// Reading files that somebody else may swap at any moment, the agent's most of all: a regular file, or nothing.
import { closeSync, constants, fstatSync, openSync } from "node:fs";

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
