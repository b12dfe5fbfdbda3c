// Looks for values in what stands below a folder that somebody hostile may have filled: names, link targets and contents, compressed ones too. No link is
// followed and no pipe waited for; what cannot be looked at is told, never passed over.
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
import { MarkSearch } from "./marks.ts";
import { unpackFile } from "./packed.ts";
import { packedKind } from "./packed-kind.ts";

/** Where values were found, and how much was looked at. */
export interface FilesSearched {
  readonly files: number;
  readonly bytes: number;
  /** Paths as found, with the name of the value. */
  readonly found: readonly { readonly path: string; readonly name: string }[];
  /** What could not be looked at. */
  readonly unread: readonly string[];
  /** Files that are compressed in a way that is not read here. */
  readonly packed: readonly { readonly path: string; readonly kind: string }[];
}

/** More hits than these tell nothing new. */
const MOST_TOLD = 20;
const PIECE = 1 << 20;

/** Searches below each folder; with `sinceMs` only what was changed then or later. What is above `mostBytes` in all, also unpacked, is not read. */
export async function searchFiles(
  folders: readonly string[],
  forms: readonly SoughtForm[],
  { sinceMs = 0, mostBytes = Number.MAX_SAFE_INTEGER }: { readonly sinceMs?: number; readonly mostBytes?: number } = {},
): Promise<FilesSearched> {
  const state = {
    ...{ files: 0, bytes: 0, found: [] as FilesSearched["found"][number][], unread: [] as string[] },
    packed: [] as FilesSearched["packed"][number][],
  };
  const count = (bytes: number): void => {
    state.bytes += bytes;
    if (state.bytes > mostBytes) throw new Error("too much to look through");
  };
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
        const { names, unread } = await searchFile(path, found.mode, { forms, count });
        tell(path, names);
        for (const kind of unread) if (state.packed.length < MOST_TOLD) state.packed.push({ path, kind });
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

interface FileSearch {
  readonly forms: readonly SoughtForm[];
  /** Throws when it is too much. */
  readonly count: (bytes: number) => void;
}

async function searchFile(
  path: string,
  mode: number,
  { count, forms }: FileSearch,
): Promise<{ readonly names: readonly string[]; readonly unread: readonly string[] }> {
  const names = new Set<string>();
  /** One content. */
  const searching = (): ((piece: Buffer) => void) => {
    const search = new FormSearch(forms);
    return (piece) => {
      count(piece.length);
      for (const name of search.take(piece)) names.add(name);
    };
  };
  return opened(path, mode, async () => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!fstatSync(fd).isFile()) return { names: [], unread: [] }; // another one since; what it is is told where it stands
      const take = searching();
      const inside = new MarkSearch();
      const piece = Buffer.allocUnsafe(PIECE);
      let head: Buffer | undefined;
      for (let n = readSync(fd, piece); n > 0; n = readSync(fd, piece)) {
        head ??= Buffer.from(piece.subarray(0, Math.min(n, 64)));
        take(piece.subarray(0, n));
        inside.take(piece.subarray(0, n));
      }
      const packed = packedKind(head ?? Buffer.alloc(0), path);
      if (packed !== undefined && "unread" in packed) return { names: [...names], unread: [packed.unread] };
      const unread = await unpackFile(fd, { kind: packed?.kind, marks: inside.marks }, searching);
      return { names: [...names], unread: inside.isFull ? [...unread, "too many compressed parts"] : unread };
    } finally {
      closeSync(fd);
    }
  });
}

/** A file closed even to its owner is opened for the look, and closed again. */
async function opened<T>(path: string, mode: number, look: () => Promise<T>): Promise<T> {
  if (isOpen(mode, 0o400)) return look();
  chmodSync(path, (mode & 0o7777) | 0o400);
  try {
    return await look();
  } finally {
    chmodSync(path, mode & 0o7777);
  }
}
