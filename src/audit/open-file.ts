// Opening a log's files to read them, and what stops a reader. Nothing is followed, nothing that may block is opened.
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { join } from "node:path";

/** Thrown when the log cannot be read: `absent`, `alien` (a link, a device, a file that does not belong), or `system`. */
export class Unreadable extends Error {
  readonly path: string;
  readonly reason: "absent" | "alien" | "system";

  constructor(path: string, reason: Unreadable["reason"], why: string) {
    super(why);
    this.path = path;
    this.reason = reason;
  }
}

/** Any error about a path, as `Unreadable`. */
export function unreadable(path: string, error: unknown): Unreadable {
  if (error instanceof Unreadable) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  if (code === "ELOOP" || code === "EFTYPE" || code === "ENOTDIR" || code === "ENXIO")
    return new Unreadable(path, "alien", "is not a regular file");
  return new Unreadable(path, code === "ENOENT" ? "absent" : "system", code);
}

/** Opens a regular file without following a link, synchronously: a scan has nothing else to do. */
export function openForScan(dir: string, path: string): number {
  const fd = openSync(join(dir, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Unreadable(path, "alien", "is not a regular file");
}
