// Small durable files: written aside, synced, renamed, and the folder synced, so that a reader sees the old or the new whole.
// Everything is opened without following links: a link in the log's folder is never ours.
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Makes a folder (and those above it) that only its owner may enter; true when it was not there. */
export async function privateFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return false;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
  }
  // Node's own `recursive` says ENOENT of a disk that may only be read.
  await privateFolder(dirname(path));
  return await privateFolder(path);
}

/** Makes a folder's entries durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Puts `content` at `path`, atomically and durably. */
export async function publishFile(path: string, content: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  const aside = join(folder, `.tmp-${basename(path)}`);
  await writeDurably(aside, content);
  await rename(aside, path);
  await syncFolder(folder);
}

/** Writes a whole file and syncs it; a file that cannot be written whole is taken away again. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Opens a regular file for reading, never through a link. Throws what the system says, or `EFTYPE` words of ours. */
export async function openRegular(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stat = await file.stat();
  if (stat.isFile()) return file;
  await file.close();
  throw Object.assign(new Error(`not a regular file: ${path}`), { code: "EFTYPE" });
}

/** The text of a small regular file (at most 1 MiB when nothing else is said), or undefined when there is none. */
export async function readSmall(path: string, most: number = 1_048_576): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await openRegular(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size } = await file.stat();
    if (size > most) throw Object.assign(new Error(`too large: ${path}`), { code: "EFBIG" });
    const bytes = await file.readFile();
    // Latin-1 would hide nothing, but notes are UTF-8: a byte that is not must not turn into a harmless question mark.
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  } finally {
    await file.close();
  }
}
