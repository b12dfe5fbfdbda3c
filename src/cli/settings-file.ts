// One file of an agent's settings, read and replaced without following anything that was planted: the real place is found, must lie in the folder
// it belongs to and be the caller's, and everything then happens relative to that folder's descriptor (STYLE 9).
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { SettingsPlace } from "#hooks";

// Claude Code keeps its notes of all projects in the file of its servers.
const SIZE_MOST = 16_777_216;

/** A file that may be changed, as it is now. */
export interface SettingsFile {
  /** Links resolved. */
  readonly path: string;
  /** Undefined when there is none. */
  readonly bytes: Buffer | undefined;
  readonly mode: number;
  /** How many names it has. */
  readonly links: number;
}

/** Finds and reads the file. A Problem when it leads out of its base, is not the caller's, or is no plain file of reasonable size. */
export function readSettingsFile({ path, base }: SettingsPlace): Result<SettingsFile, Problem> {
  try {
    const real = realTarget(path);
    const home = realTarget(base);
    if (real === undefined || home === undefined || !isWithin(home, real))
      return err(refused(path, "a link in it leads elsewhere"));
    const owner = process.getuid?.();
    const folder = lstatSync(nearestFolder(dirname(real)));
    if (folder.uid !== owner) return err(refused(path, "its folder belongs to another user"));
    const stat = lstatSync(real, { throwIfNoEntry: false });
    if (stat === undefined) return ok({ path: real, bytes: undefined, mode: 0o600, links: 0 });
    if (!stat.isFile()) return err(refused(path, "it is no plain file"));
    if (stat.uid !== owner) return err(refused(path, "it belongs to another user"));
    if (stat.size > SIZE_MOST) return err(refused(path, "it is larger than 16 MiB"));
    return ok({ path: real, bytes: readPlain(real), mode: stat.mode & 0o777, links: stat.nlink });
  } catch (error) {
    return err(failed(path, error));
  }
}

/** Replaces the file whole, or removes it (`undefined`). Returns the folders it had to make, outermost first. */
export function replaceSettingsFile(
  file: SettingsFile,
  bytes: Uint8Array | undefined,
): Result<readonly string[], Problem> {
  let folder: number | undefined;
  let aside: string | undefined;
  try {
    const made = makeFolders(dirname(file.path));
    folder = openSync(dirname(file.path), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    // The folder that was checked, not one that took its name since.
    if (realpathSync(`/proc/self/fd/${folder}`) !== dirname(file.path))
      return err(refused(file.path, "it moved while it was changed"));
    const target = `/proc/self/fd/${folder}/${basename(file.path)}`;
    const now = lstatSync(target, { throwIfNoEntry: false });
    const same =
      now === undefined ? file.bytes === undefined : now.isFile() && file.bytes?.equals(readPlain(target)) === true;
    if (!same) return err(refused(file.path, "it changed while it was read"));
    if (bytes === undefined) rmSync(target, { force: true });
    else {
      aside = `/proc/self/fd/${folder}/.${basename(file.path)}.ringfence-${process.pid}`;
      writeAside(aside, bytes, file.mode);
      renameSync(aside, target);
      aside = undefined;
    }
    fsyncSync(folder);
    return ok(made);
  } catch (error) {
    return err(failed(file.path, error));
  } finally {
    if (aside !== undefined) rmSync(aside, { force: true });
    if (folder !== undefined) closeSync(folder);
  }
}

/** The file's text, byte order mark and line ends as they are; an empty one for no file. */
export function settingsText(bytes: Uint8Array | undefined, path: string): Result<string, Problem> {
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes ?? new Uint8Array()));
  } catch {
    return err({
      code: "not-utf8",
      message: `\`${path}\` is not UTF-8`,
      hint: "mend the file first; nothing was written",
    });
  }
}

/** Removes folders that an installation made and that are empty again. */
export function removeMadeFolders(folders: readonly string[]): void {
  for (const folder of [...folders].reverse()) {
    try {
      rmdirSync(folder);
    } catch {
      return; // not empty, or gone: it is somebody's now
    }
  }
}

function writeAside(path: string, bytes: Uint8Array, mode: number): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = openSync(path, flags, 0o600);
  try {
    fchmodSync(file, mode);
    writeFileSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function readPlain(path: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) throw new Error("it is no plain file");
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function makeFolders(path: string): readonly string[] {
  const missing: string[] = [];
  for (let at = path; lstatSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) missing.unshift(at);
  for (const folder of missing) mkdirSync(folder, { mode: 0o755 });
  return missing;
}

function nearestFolder(path: string): string {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined ? nearestFolder(dirname(path)) : path;
}

// The real path of what is there, with the rest as written; undefined when a link leads nowhere.
function realTarget(path: string): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    const above = dirname(path) === path ? path : realTarget(dirname(path));
    return above === undefined ? undefined : join(above, basename(path));
  }
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function isWithin(base: string, path: string): boolean {
  const way = relative(base, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`);
}

function refused(path: string, why: string): Problem {
  return {
    code: "settings-file",
    message: `\`${path}\` is not changed: ${why}`,
    hint: "look at it; nothing was written",
  };
}

function failed(path: string, error: unknown): Problem {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return {
    code: "settings-file",
    message: `\`${path}\` cannot be read or written (${code})`,
    hint: "run as the user it belongs to",
  };
}
