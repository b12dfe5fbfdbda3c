// One folder of the real workspace held open, so that what was checked is what is used: every step down refuses links and
// other file systems, and names below are reached through the descriptor, never again through the whole path.
import { closeSync, constants, fstatSync, fsyncSync, openSync } from "node:fs";
import { isAbsence } from "./host-entry.ts";

// Not in node's list; the same number on every architecture that Linux and this program support.
const O_PATH = 0o10000000;
const STEP = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** An open folder. `at` gives a path that is valid while it is open. */
export interface OpenFolder {
  at(name: string): string;
  /** The folder itself, for chmod and fsync. */
  readonly self: string;
  close(): void;
}

/**
 * Opens `parts` below `root`, one by one. Throws (ELOOP, ENOTDIR, ENOENT, EXDEV) when a part is a link, is no folder, is not
 * there, or lies on another file system than the root, which the fence did not show either.
 */
export function openFolder(root: string, parts: readonly string[]): OpenFolder {
  let fd = openSync(root, STEP);
  try {
    const { dev } = fstatSync(fd);
    for (const part of parts) {
      if (part === "" || part === "." || part === ".." || part.includes("/")) throw failure("EINVAL", part);
      const next = openSync(`/proc/self/fd/${fd}/${part}`, STEP);
      closeSync(fd);
      fd = next;
      if (fstatSync(fd).dev !== dev) throw failure("EXDEV", part);
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  const self = `/proc/self/fd/${fd}`;
  return { at: (name) => `${self}/${name}`, self, close: () => closeSync(fd) };
}

/** Runs `act` with the folder that holds `path`, and the last name of it. */
export function inParent<T>(root: string, path: string, act: (folder: OpenFolder, name: string) => T): T {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  if (name === "" || name === "." || name === "..") throw failure("EINVAL", path);
  const folder = openFolder(root, parts);
  try {
    return act(folder, name);
  } finally {
    folder.close();
  }
}

/** Waits until the names in the folder at `path` (`""` is the root) are on the disk. A folder that is gone needs no waiting. */
export function syncFolder(root: string, path: string): void {
  try {
    const folder = openFolder(root, path === "" ? [] : path.split("/"));
    try {
      const fd = openSync(`${folder.self}/.`, constants.O_RDONLY | constants.O_DIRECTORY);
      fsyncSync(fd);
      closeSync(fd);
    } finally {
      folder.close();
    }
  } catch (error) {
    // A folder that its owner has closed cannot be waited for.
    const isClosed = error instanceof Error && "code" in error && error.code === "EACCES";
    if (!isAbsence(error) && !isClosed) throw error;
  }
}

function failure(code: string, part: string): Error {
  return Object.assign(new Error(`${code}: \`${part}\``), { code });
}
