// A lock file on the disk. It is read without following a link and written whole, in the turn of its writer, relative to the folder that was checked:
// what came with a repository may be a link, a pipe, or another person's.
import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { EMPTY_LOCK, type Lock, lockText, readLock } from "#core/mcp";
import { sha256 } from "./sha256.ts";
import { inTurn } from "./turn.ts";

/** The text of a large server's tools is a few hundred kilobytes. */
const SIZE_MOST = 64 << 20;

/** Reads a lock; undefined when there is none. */
export async function readLockFile(file: string): Promise<Result<Lock | undefined, Problem>> {
  const found = await checkedFolder(file);
  if (!found.ok) return found;
  if (found.value === undefined) return ok(undefined);
  const text = await readPlain(file, join(found.value, basename(file)));
  if (!text.ok || text.value === undefined) return text.ok ? ok(undefined) : text;
  return readLock(text.value, { file, sha256 });
}

/**
 * Changes a lock, or makes one. `change` sees it as it is while nobody else can write it; what it refuses is not written. A file in the workspace
 * `within` is not written where a link of that workspace leads out of it.
 */
export async function updateLockFile(
  file: string,
  change: (lock: Lock) => Result<Lock, Problem> | Promise<Result<Lock, Problem>>,
  within?: string,
): Promise<Result<Lock, Problem>> {
  const leads = within === undefined ? undefined : await leadsOut(file, within);
  if (leads !== undefined) return err(problem(file, leads, "name a folder of the project's own in `mcp.lock`"));
  const made = await makeFolder(file);
  if (!made.ok) return made;
  const real = join(made.value, basename(file));
  const done = await inTurn(real, async (): Promise<Result<Lock, Problem>> => {
    const now = await readLockFile(file);
    if (!now.ok) return now;
    const changed = await change(now.value ?? EMPTY_LOCK);
    if (!changed.ok) return changed;
    try {
      await replace(real, lockText(changed.value, sha256), isOfProject(file) ? 0o644 : 0o600);
    } catch (error) {
      return err(problem(file, `cannot be written (${codeOf(error)})`, "make its folder writable and try again"));
    }
    return changed;
  });
  return done ?? err(problem(file, "is being written by another process", "try again in a moment"));
}

async function readPlain(file: string, real: string): Promise<Result<string | undefined, Problem>> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const stat = await handle.stat();
    if (!stat.isFile()) return err(problem(file, "is no plain file", "remove it, then `ringfence mcp lock`"));
    if (stat.size > SIZE_MOST) return err(problem(file, "is too large", "remove it, then `ringfence mcp lock`"));
    const bytes = await handle.readFile();
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT") return ok(undefined);
    if (code === "ELOOP")
      return err(problem(file, "is a symbolic link", "a lock is a plain file: put it there itself"));
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA")
      return err(problem(file, "is no UTF-8 text", "take it from the version control again"));
    return err(problem(file, `cannot be read (${code})`, "make it readable: what cannot be read approves nothing"));
  } finally {
    await handle?.close();
  }
}

/** The folder of a lock, links above it resolved; undefined when there is none. The folder itself must be no link: `.ringfence` is a repository's. */
async function checkedFolder(file: string): Promise<Result<string | undefined, Problem>> {
  const folder = dirname(file);
  try {
    if ((await lstat(folder)).isDirectory()) return ok(await realpath(folder));
    return err(problem(file, "lies in a folder that is a link or no folder", "make it a folder of its own"));
  } catch (error) {
    const code = codeOf(error);
    return code === "ENOENT" ? ok(undefined) : err(problem(file, `cannot be looked for (${code})`, "check its folder"));
  }
}

async function leadsOut(file: string, within: string): Promise<string | undefined> {
  if (!file.startsWith(`${within}/`)) return undefined; // outside by the person's own word
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const real = await realpath(folder).catch(() => undefined);
    if (real === undefined) continue; // not made yet
    return `${real}/`.startsWith(`${await realpath(within)}/`)
      ? undefined
      : "lies where a link leads out of the project";
  }
}

async function makeFolder(file: string): Promise<Result<string, Problem>> {
  try {
    // What is above was there, or is our own state.
    await mkdir(dirname(file), { recursive: true, mode: isOfProject(file) ? 0o755 : 0o700 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST")
      return err(
        problem(file, `has no folder, and none can be made (${codeOf(error)})`, "make it, or name another lock"),
      );
  }
  const folder = await checkedFolder(file);
  if (!folder.ok) return folder;
  if (folder.value === undefined) return err(problem(file, "has no folder", "make it, and try again"));
  const { uid } = await lstat(folder.value);
  if (uid === process.getuid?.()) return ok(folder.value);
  return err(problem(file, "lies in a folder of another user", "run as the user to whom it belongs"));
}

/** What stands in a repository is for everybody who reads that. */
function isOfProject(file: string): boolean {
  return basename(dirname(file)) === ".ringfence";
}

async function replace(real: string, text: string, mode: number): Promise<void> {
  const folder = await open(dirname(real), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const base = `/proc/self/fd/${folder.fd}`;
    const aside = `${base}/.${basename(real)}.${process.pid}`;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    await rm(aside, { force: true });
    const handle = await open(aside, flags, mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
      await handle.close();
      await rename(aside, `${base}/${basename(real)}`);
    } catch (error) {
      await rm(aside, { force: true });
      throw error;
    }
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function problem(file: string, what: string, hint: string): Problem {
  return { code: "lock-unreadable", message: `the lock \`${file}\` ${what}`, hint };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
