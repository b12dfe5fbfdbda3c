// Folders of little starters that a version manager writes anew after each install (`pyenv rehash`), and fails where it cannot: `pip install` then ends
// with 1 though all is installed. They lie in toolchains, which are shown read-only, so a session gets a copy of its own over them.
import { copyFileSync, linkSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { type SessionFolders, shimFolders } from "#core/sandbox";

/** A starter is a few lines: what is larger or more is none, and stays as it is. */
const MOST_FILES = 2_000;
const MOST_BYTES = 64 * 1024;

/** Copies those that this home has into the session's home (the setup has its own), once, and says where each appears. */
export function ownShims(home: string, sessionHome: string): SessionFolders["shims"] {
  return shimFolders(home).flatMap((target) => {
    const files = startersIn(target);
    if (files === undefined) return [];
    const parts = relative(home, target).split(sep);
    const source = join(sessionHome, ...parts);
    try {
      // A home that came from a snapshot was filled by somebody inside: nothing is written, and nothing bound, through a link of theirs.
      const isNew = parts.map((_, at) => madeFolder(join(sessionHome, ...parts.slice(0, at + 1)))).at(-1);
      if (isNew) copyStarters(target, source, files);
    } catch {
      return []; // read-only then, as the rest of the toolchain is
    }
    return [{ source, target }];
  });
}

/** They are often names of one file, hundreds of them (`pyenv rehash` links its prototype): copied once, and linked as they were. */
function copyStarters(from: string, to: string, names: readonly string[]): void {
  const copies = new Map<number, string>();
  for (const name of names) {
    const { ino } = lstatSync(join(from, name));
    const copy = copies.get(ino);
    if (copy === undefined) copyFileSync(join(from, name), join(to, name));
    else linkSync(copy, join(to, name));
    copies.set(ino, copy ?? join(to, name));
  }
}

/** False where the folder is there already. Throws where something else is. */
function madeFolder(path: string): boolean {
  if (!lstatSync(path, { throwIfNoEntry: false })) {
    mkdirSync(path, { mode: 0o755 });
    return true;
  }
  if (!lstatSync(path).isDirectory()) throw new Error(`${path} is no folder`);
  return false;
}

/** The names of its files; `undefined` for what is no folder of starters. A link is not followed, and a lock or a hidden file is none of them. */
function startersIn(folder: string): readonly string[] | undefined {
  try {
    if (!lstatSync(folder).isDirectory()) return undefined;
    const names = readdirSync(folder).filter((name) => !name.startsWith("."));
    const isStarter = (name: string): boolean => {
      const found = lstatSync(join(folder, name));
      return found.isFile() && found.size <= MOST_BYTES;
    };
    return names.length <= MOST_FILES && names.every(isStarter) ? names : undefined;
  } catch {
    return undefined;
  }
}
