// Files with several names, given back: written in place where the names still share the inode, else linked again to the first that was given
// back. Renaming a new file over one name would leave the others as the session made them.
import { closeSync, constants, fchmodSync, fstatSync, fsyncSync, ftruncateSync, linkSync, openSync } from "node:fs";
import type { Entry, HostEntry } from "#core/review";
import { pour } from "./copy.ts";
import { inParent } from "./folder.ts";
import { openRegular } from "./regular-file.ts";

/** True when the host's file is that very inode and has more names. */
export function isShared(now: HostEntry | undefined, inode: string): boolean {
  const parts = now?.stamp.split(":") ?? [];
  return now?.type === "file" && parts[1] === inode && parts[6] !== "1";
}

/** Writes the image into the file. Its digest is checked before (undo.ts), and by a second look afterwards: false when it is not that. */
export function writeInPlace(
  image: string,
  target: string,
  to: { readonly after: Entry; readonly inode: string },
): boolean {
  const source = openRegular(image);
  try {
    const fd = openSync(target, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (String(fstatSync(fd, { bigint: true }).ino) !== to.inode) return false;
      ftruncateSync(fd, 0);
      const digest = pour(source, fd, to.after.size);
      fchmodSync(fd, to.after.mode & 0o7777);
      fsyncSync(fd);
      return digest === to.after.digest;
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(source);
  }
}

/** Makes `to` one more name of the workspace's file `path`. False where that cannot be. */
export function linkAgain(root: string, path: string, to: string): boolean {
  try {
    inParent(root, path, (folder, name) => linkSync(folder.at(name), to));
    return true;
  } catch {
    return false; // a copy will do
  }
}
