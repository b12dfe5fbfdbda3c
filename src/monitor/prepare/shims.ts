// Folders of little starters that a version manager writes anew after each install (`pyenv rehash`), and fails where it cannot: `pip install` then ends
// with 1 though all is installed. They lie in toolchains, which are shown read-only, so a session gets a copy of its own over them.
import { copyFileSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { type SessionFolders, shimFolders } from "#core/sandbox";

/** A starter is a few lines: what is larger or more is none, and stays as it is. */
const MOST_FILES = 2_000;
const MOST_BYTES = 64 * 1024;

/** Copies those that this home has into the session's home, once, and says where each appears. */
export function ownShims(home: string, sessionHome: string): SessionFolders["shims"] {
  return shimFolders(home).flatMap((target) => {
    const files = startersIn(target);
    if (files === undefined) return [];
    const source = join(sessionHome, relative(home, target));
    try {
      if (mkdirSync(source, { recursive: true, mode: 0o755 }) !== undefined)
        for (const name of files) copyFileSync(join(target, name), join(source, name));
    } catch {
      return []; // read-only then, as the rest of the toolchain is
    }
    return [{ source, target }];
  });
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
