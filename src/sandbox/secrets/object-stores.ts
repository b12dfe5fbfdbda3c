// The object stores of a workspace: where git keeps every version that a file ever had (CRED-6). A store is the `objects` folder of whatever looks
// like a repository, and every folder that one of them borrows from. Reads names and small files; runs nothing.
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";

/** One store. */
export interface ObjectStore {
  /** Real path of the folder. */
  readonly path: string;
  /** The repository folder that names it, where there is one: its index files say what is staged. */
  readonly repository?: string;
  /** True for SHA-256 names. */
  readonly wide: boolean;
}

const LARGEST = 64 * 1024;
const MOST_ALTERNATES = 64;

/** The stores of these repository folders (absolute), in the order found. Only what lies below `root` is one: nothing else is seen inside. */
export function objectStores(root: string, repositories: readonly string[]): readonly ObjectStore[] {
  const stores = new Map<string, ObjectStore>();
  const add = (folder: string, repository: string | undefined, wide: boolean): void => {
    const path = realFolder(folder);
    if (path === undefined || !path.startsWith(`${root}/`) || stores.size > MOST_ALTERNATES * 16) return;
    // Met before as what another one borrows from: now it has an index, too.
    const known = stores.get(path);
    if (known !== undefined && (known.repository !== undefined || repository === undefined)) return;
    stores.set(path, { path, wide, ...(repository === undefined ? {} : { repository }) });
    for (const line of smallText(join(path, "info/alternates")).split("\n").slice(0, MOST_ALTERNATES))
      if (line !== "" && !line.startsWith("#")) add(resolve(path, line), undefined, wide);
  };
  for (const repository of repositories) {
    const wide = /objectformat\s*=\s*"?sha256/i.test(smallText(join(repository, "config")));
    add(join(repository, "objects"), repository, wide);
  }
  return [...stores.values()];
}

/** The names of loose objects in the store, hex. */
export function looseObjects(store: string): readonly string[] {
  return entries(store).flatMap((head) =>
    /^[0-9a-f]{2}$/.test(head)
      ? entries(join(store, head)).flatMap((tail) => (/^[0-9a-f]{38,62}$/.test(tail) ? [head + tail] : []))
      : [],
  );
}

/** The packs of the store: base paths, without `.pack`. */
export function packsOf(store: string): readonly string[] {
  return entries(join(store, "pack")).flatMap((name) => {
    const base = /^(pack-[0-9a-f]+)\.pack$/.exec(name)?.[1];
    return base === undefined ? [] : [join(store, "pack", base)];
  });
}

/** The index files of a repository: its own and those of its linked worktrees. */
export function indexFiles(repository: string): readonly string[] {
  const worktrees = join(repository, "worktrees");
  return [repository, ...entries(worktrees).map((name) => join(worktrees, name))].flatMap((folder) => {
    const file = join(folder, "index");
    return lstatSync(file, { throwIfNoEntry: false })?.isFile() === true ? [file] : [];
  });
}

/** The names in a folder; none where it cannot be read. */
export function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not there
  }
}

function realFolder(path: string): string | undefined {
  try {
    const real = realpathSync(path);
    return lstatSync(real).isDirectory() ? real : undefined;
  } catch {
    return undefined; // not there
  }
}

function smallText(file: string): string {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(fd);
    if (!stats.isFile()) return "";
    const bytes = Buffer.alloc(Math.min(stats.size, LARGEST));
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, 0));
  } catch {
    return ""; // not there or not readable
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
