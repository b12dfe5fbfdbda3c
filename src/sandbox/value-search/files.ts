// Looks for values in what stands below a folder that somebody hostile may have filled: names, link targets and contents. No link is followed and no pipe
// waited for; what cannot be looked at is told, never passed over.
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from "node:fs";
import { join } from "node:path";
import { FormSearch, type SoughtForm } from "./forms.ts";

/** Where values were found, and how much was looked at. */
export interface FilesSearched {
  readonly files: number;
  readonly bytes: number;
  /** Paths as found, with the name of the value. */
  readonly found: readonly { readonly path: string; readonly name: string }[];
  /** What could not be looked at. */
  readonly unread: readonly string[];
}

/** More hits than these tell nothing new. */
const MOST_TOLD = 20;
const PIECE = 1 << 20;

/** Searches below each folder; with `sinceMs` only what was changed then or later. What is above `mostBytes` in all is not read. */
export function searchFiles(
  folders: readonly string[],
  forms: readonly SoughtForm[],
  { sinceMs = 0, mostBytes = Number.MAX_SAFE_INTEGER }: { readonly sinceMs?: number; readonly mostBytes?: number } = {},
): FilesSearched {
  const state = { files: 0, bytes: 0, found: [] as FilesSearched["found"][number][], unread: [] as string[] };
  const tell = (path: string, names: readonly string[]): void => {
    for (const name of names) if (state.found.length < MOST_TOLD) state.found.push({ path, name });
  };
  const waiting = [...folders];
  const closed: { readonly path: string; readonly mode: number }[] = [];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    try {
      const found = lstatSync(path);
      if (found.isDirectory()) {
        // One that is closed even to its owner stays open until everything in it was looked at.
        if (!isOpen(found.mode, 0o500)) {
          closed.push({ path, mode: found.mode });
          chmodSync(path, (found.mode & 0o7777) | 0o500);
        }
        for (const name of readdirSync(path)) {
          tell(join(path, name), new FormSearch(forms).take(Buffer.from(name)));
          waiting.push(join(path, name));
        }
        continue;
      }
      if (found.ctimeMs < sinceMs) continue;
      state.files++;
      if (found.isSymbolicLink()) tell(path, new FormSearch(forms).take(Buffer.from(readlinkSync(path))));
      if (found.isFile() && found.size > 0) {
        if (state.bytes + found.size > mostBytes) throw new Error("too much to look through");
        state.bytes += found.size;
        tell(path, searchFile(path, found.mode, forms));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
      if (state.unread.length < MOST_TOLD) state.unread.push(path);
    }
  }
  for (const { path, mode } of closed.toReversed()) chmodSync(path, mode & 0o7777);
  return state;
}

function isOpen(mode: number, needed: number): boolean {
  return (mode & needed) === needed || process.getuid?.() === 0;
}

function searchFile(path: string, mode: number, forms: readonly SoughtForm[]): readonly string[] {
  return opened(path, mode, () => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!fstatSync(fd).isFile()) return []; // another one since; what it is is told where it stands
      const search = new FormSearch(forms);
      const names = new Set<string>();
      const piece = Buffer.allocUnsafe(PIECE);
      for (let n = readSync(fd, piece); n > 0; n = readSync(fd, piece))
        for (const name of search.take(piece.subarray(0, n))) names.add(name);
      return [...names];
    } finally {
      closeSync(fd);
    }
  });
}

/** A file closed even to its owner is opened for the look, and closed again. */
function opened<T>(path: string, mode: number, look: () => T): T {
  if (isOpen(mode, 0o400)) return look();
  chmodSync(path, (mode & 0o7777) | 0o400);
  try {
    return look();
  } finally {
    chmodSync(path, mode & 0o7777);
  }
}
