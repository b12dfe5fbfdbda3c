// Writes files that are not there yet, without following anything the repository planted: each folder is opened once, as a folder and no link,
// and everything happens relative to that descriptor (STYLE 9). All are looked for first, so that a name that is taken leaves nothing half done.
import { closeSync, constants, linkSync, lstatSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { err, ok, type Problem, type Result } from "#core";
import type { NewFile } from "./outer-container.ts";

/** Writes them below `root`; never over something, whatever it is. */
export function writeNewFiles(root: string, files: readonly NewFile[]): Result<readonly string[], Problem> {
  try {
    const taken = files.find((file) => isTaken(root, file.path));
    if (taken !== undefined) return err(exists(taken.path));
    for (const file of files) writeOne(root, file);
    return ok(files.map(({ path }) => path));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "EEXIST") return err(exists(files.map(({ path }) => path).join("`, `")));
    const odd = code === "ELOOP" || code === "ENOTDIR";
    return err({
      code: "init-unwritable",
      message: odd
        ? "a folder that would hold the files is none (a link, or a file)"
        : `the files cannot be written (${code})`,
      hint: odd ? "look at it, and remove it if it is not yours" : "run as the owner of the repository",
    });
  }
}

function isTaken(root: string, path: string): boolean {
  return lstatSync(`${root}/${path}`, { throwIfNoEntry: false }) !== undefined;
}

function writeOne(root: string, { path, text }: NewFile): void {
  const parts = path.split("/");
  const name = parts.at(-1) ?? path;
  let folder = openFolder(root);
  try {
    for (const part of parts.slice(0, -1)) {
      const next = childOf(folder, part);
      closeSync(folder);
      folder = next;
    }
    const here = `/proc/self/fd/${folder}`;
    const temporary = `${here}/.${name}.${process.pid}`;
    try {
      writeFileSync(temporary, text, { flag: "wx", mode: name.endsWith(".sh") ? 0o755 : 0o644, flush: true });
      linkSync(temporary, `${here}/${name}`); // unlike rename, fails when the name is taken, whatever it is
    } finally {
      rmSync(temporary, { force: true });
    }
  } finally {
    closeSync(folder);
  }
}

function childOf(folder: number, name: string): number {
  const path = `/proc/self/fd/${folder}/${name}`;
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) mkdirSync(path, { mode: 0o755 });
  return openFolder(path);
}

function openFolder(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

function exists(path: string): Problem {
  return {
    code: "init-exists",
    message: `\`${path}\` exists already, and is never overwritten`,
    hint: "`--print` shows what would be written: take over what you want of it",
  };
}
