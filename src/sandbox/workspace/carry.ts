// Carries changes to the real workspace, whichever way: each file whole by rename, never through a link, and only where the host still is
// as it was when the change was read. A journal outside the workspace lets the next run finish.
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lchownSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { isDependencyFolder } from "#core/paths";
import type { Change, HostEntry } from "#core/review";
import { copyChecked } from "./copy.ts";
import { inParent, type OpenFolder, openFolder, syncFolder } from "./folder.ts";
import { gitUnits } from "./git-unit.ts";
import { digestOf, hostEntry, isAbsence, isSameStamp, pastEntry, stampOf } from "./host-entry.ts";
import type { Journal } from "./journal.ts";
import { isShared, linkAgain, writeInPlace } from "./shared-file.ts";
import type { Source } from "./source.ts";
import { type Staged, stageFiles, syncFileSystem } from "./stage.ts";

/** Why one change was not carried out. */
export interface Refusal {
  readonly path: string;
  /**
   * `host-moved`: the host changed meanwhile. `session-moved`: the session's own file did. `not-empty`. `git-moved`, `git-locked`,
   * `git-together`: a part of the same repository could not come. Else the system's word (`EACCES`, `ENOSPC`, `ELOOP`).
   */
  readonly code: string;
}

/** What became of the changes. */
export interface Applied {
  readonly applied: readonly string[];
  readonly refused: readonly Refusal[];
}

/** Between what it goes. */
export interface CarryPlaces {
  readonly root: string;
  /** Folder for files on their way; on the workspace's file system nothing temporary ever stands in the workspace. */
  readonly stage: string;
  readonly source: Source;
  /** A second try, after the first was cut off. */
  readonly again?: true;
}

/** Carries out a journal. Everything in it can be tried again: done already, still to do, or refused. Never throws for a single change. */
export function carryOut(places: CarryPlaces, journal: Journal): Applied {
  mkdirSync(places.stage, { recursive: true, mode: 0o700 });
  const applied: string[] = [];
  const refused: Refusal[] = [];
  const touched = new Set<string>();
  const modes: Change[] = [];
  const shared = new Map<string, string>();
  const units = gitUnits(places.root, journal.changes, (change) => isReady(places.root, change));
  const names = new Map(journal.changes.map((change, index) => [change, `.ringfence-${journal.token}-${index}`]));
  const nameOf = (change: Change): string => names.get(change) ?? "";
  const lasting = journal.changes.filter(
    (change) => !inDependencies(change.path) && units.refusal(change) === undefined,
  );
  const staged = stageFiles(places, lasting, nameOf);
  // A folder that the agent opened for writing must be open before its files come.
  for (const change of journal.changes)
    if (isFolderMode(change)) attempt(change, () => setFolderMode(places, change, 0o700));
  const closed = journal.changes.flatMap((change) => openUp(places.root, change) ?? []);
  for (const change of journal.changes) {
    if (isFolderMode(change)) modes.push(change);
    else if (attempt(change, () => carryOne({ ...places, staged, shared }, change, nameOf(change)))) {
      applied.push(change.path);
      if (change.after?.type === "folder") modes.push(change);
      if (!inDependencies(change.path)) touched.add(parentOf(change.path));
    }
  }
  staged.close();
  for (const { path, mode } of closed) closeAgain(places.root, path, mode);
  // Last, deepest first: a folder without write permission takes no more files.
  for (const change of modes.reverse()) {
    if (attempt(change, () => setFolderMode(places, change, 0)) && isFolderMode(change)) applied.push(change.path);
  }
  // One wait for all of many folders.
  if (touched.size <= MANY || !syncFileSystem(places.root))
    for (const folder of touched) syncFolder(places.root, folder);
  return { applied, refused };

  function attempt(change: Change, act: () => string | undefined): boolean {
    const code = units.refusal(change) ?? refusalOf(act);
    if (code === undefined) return true;
    units.failed(change);
    refused.push({ path: change.path, code });
    return false;
  }
}

const MANY = 16;

type PutPlaces = CarryPlaces & { readonly staged: Staged; readonly shared: Map<string, string> };

/** The refusal's code, or `undefined` when the change is done. */
function refusalOf(act: () => string | undefined): string | undefined {
  try {
    return act();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    return code === "ENOTEMPTY" || code === "EEXIST" ? "not-empty" : code;
  }
}

/** True when the change is done already, or the host still is as it was when the change was read. */
function isReady(root: string, change: Change): boolean {
  try {
    return inParent(root, change.path, (folder, name) => {
      const now = hostEntry(folder.at(name));
      return isDone(folder.at(name), now, change) || isUnmoved(now, change.before);
    });
  } catch (error) {
    // Its folder is still to come.
    return isAbsence(error) && change.before === undefined;
  }
}

function carryOne(places: PutPlaces, change: Change, temporary: string): string | undefined {
  if (change.oddName) return "bad-name";
  return inParent(places.root, change.path, (folder, name) => {
    const target = folder.at(name);
    removeLeftover(folder, temporary);
    const now = hostEntry(target);
    if (isDone(target, now, change)) return undefined;
    const inode = places.source.inodeOf(change);
    const isHalfWritten = places.again === true && inode !== undefined && isShared(now, inode);
    if (!isUnmoved(now, change.before) && !isHalfWritten) return "host-moved";
    if (change.kind === "delete") return remove(target, now);
    if (change.kind === "type" && (now?.type === "folder" || change.after?.type === "folder")) remove(target, now);
    return put(places, change, { folder, name, temporary, now });
  });
}

interface Place {
  readonly folder: OpenFolder;
  readonly name: string;
  readonly temporary: string;
  readonly now: HostEntry | undefined;
}

function put(places: PutPlaces, change: Change, place: Place): string | undefined {
  const { after } = change;
  const target = place.folder.at(place.name);
  const { source } = places;
  const owner = source.ownerOf(change, place.now);
  if (after?.type === "folder") {
    mkdirSync(target, { mode: 0o700 });
    giveTo(target, owner);
    return undefined;
  }
  if (after?.type !== "file" && after?.type !== "link") return "special-file";
  if (change.kind === "mode") return setFileMode(target, after.mode & places.source.modeBits, place.now);
  const make = (at: string): boolean => {
    if (after.type === "link") {
      symlinkSync(after.target ?? "", at);
      giveTo(at, owner);
      return true;
    }
    const durable = !inDependencies(change.path);
    const options = { after, owner, modeBits: source.modeBits, durable };
    return source.withFile(change, (file) => copyChecked(file, at, options));
  };
  const inode = source.inodeOf(change);
  if (inode !== undefined) {
    if (isShared(place.now, inode))
      return source.withFile(change, (file) => writeInPlace(file, target, { after, inode }))
        ? undefined
        : "session-moved";
    const first = places.shared.get(inode);
    places.shared.set(inode, first ?? change.path);
    const link = join(places.stage, `${place.temporary}-link`); // a staged copy has the plain name
    removeAt(link);
    if (first !== undefined && linkAgain(places.root, first, link)) {
      const isThere = renamed(link, target);
      removeAt(link);
      if (isThere) return undefined;
    }
  }
  const itself = after.type === "file" ? source.readyFor(change) : undefined;
  if (itself !== undefined && renamed(itself, target, { keep: true }))
    return setFileMode(target, after.mode & source.modeBits, hostEntry(target));
  const ready = places.staged.take(change);
  if (ready !== undefined && renamed(ready, target)) return undefined;
  const staged = join(places.stage, place.temporary);
  removeAt(staged);
  if (!make(staged)) return "session-moved";
  if (renamed(staged, target)) return undefined;
  removeAt(staged);
  // Another file system: a temporary name beside the target, which the journal knows.
  const beside = place.folder.at(place.temporary);
  if (!make(beside)) {
    removeAt(beside);
    return "session-moved";
  }
  renameSync(beside, target);
  return undefined;
}

/** False when the two lie on different file systems. */
function renamed(from: string, to: string, options: { readonly keep?: true } = {}): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EXDEV") return false;
    if (options.keep !== true) removeAt(from);
    throw error;
  }
}

/** Only root makes things for others. Never follows a link. */
function giveTo(path: string, owner: { readonly uid: number; readonly gid: number } | undefined): void {
  if (owner !== undefined && process.getuid?.() === 0) lchownSync(path, owner.uid, owner.gid);
}

function remove(target: string, now: HostEntry | undefined): undefined {
  if (now?.type === "folder") rmdirSync(target);
  else unlinkSync(target);
}

/** The host already is as the change wants it: an earlier, cut-off attempt did it, or a person. */
export function isDone(target: string, now: HostEntry | undefined, { kind, after }: Change): boolean {
  if (kind === "delete" || after === undefined) return now === undefined;
  if (now?.type !== after.type) return false;
  if (after.type === "folder") return true;
  if (after.type === "link") return now.target === after.target;
  if ((now.mode & 0o777) !== (after.mode & 0o777) || now.size !== after.size) return false;
  if (after.digest !== undefined) return digestOf(target) === after.digest;
  return "mtimeNs" in after && pastEntry(target)?.mtimeNs === after.mtimeNs; // kept by its inode, never read
}

/** Files and links must be the very state that was read; a folder changes with each of its entries, so its kind decides. */
function isUnmoved(now: HostEntry | undefined, before: HostEntry | undefined): boolean {
  if (now === undefined || before === undefined) return now === before;
  return now.type === before.type && (now.type === "folder" || isSameStamp(now.stamp, before.stamp));
}

function isFolderMode({ kind, after }: Change): boolean {
  return kind === "mode" && after?.type === "folder";
}

/** Of the session's bits a folder takes nine, and keeps the host's own set-group-id and sticky bits; of its own past, all. */
function setFolderMode(places: CarryPlaces, change: Change, more: number): string | undefined {
  if (change.oddName) return "bad-name";
  const { modeBits } = places.source;
  const folder = openFolder(places.root, change.path.split("/"));
  try {
    const kept = statSync(folder.self).mode & ~modeBits & 0o7777;
    chmodSync(folder.self, kept | ((change.after?.mode ?? 0o755) & modeBits) | more);
    return undefined;
  } finally {
    folder.close();
  }
}

/** A folder that goes must let its entries go, as its owner could make it. Only one that can be read: what was not seen is not removed. */
function openUp(root: string, { path, before, kind, oddName }: Change): { path: string; mode: number } | undefined {
  if (before?.type !== "folder" || (kind !== "delete" && kind !== "type") || oddName) return undefined;
  const mode = before.mode & 0o7777;
  if ((mode & 0o700) !== 0o500 || process.getuid?.() === 0) return undefined;
  return changeFolder(root, path, mode | 0o200) ? { path, mode } : undefined;
}

/** It could not go after all. */
function closeAgain(root: string, path: string, mode: number): void {
  changeFolder(root, path, mode);
}

function changeFolder(root: string, path: string, mode: number): boolean {
  try {
    const folder = openFolder(root, path.split("/"));
    try {
      chmodSync(folder.self, mode);
      return true;
    } finally {
      folder.close();
    }
  } catch {
    return false; // gone, as wanted; or not ours, and then the entries are refused one by one
  }
}

/** The mode of the very file that was looked at: a link or another file put there since is left alone. */
function setFileMode(target: string, mode: number, now: HostEntry | undefined): string | undefined {
  const fd = openSync(target, O_PATH | constants.O_NOFOLLOW);
  try {
    const found = fstatSync(fd, { bigint: true });
    if (!found.isFile() || now === undefined || !isSameStamp(stampOf(found), now.stamp)) return "host-moved";
    chmodSync(`/proc/self/fd/${fd}`, mode);
    return undefined;
  } finally {
    closeSync(fd);
  }
}

// Not in node's list (folder.ts).
const O_PATH = 0o10000000;

function removeLeftover(folder: OpenFolder, temporary: string): void {
  removeAt(folder.at(temporary));
}

function removeAt(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

function inDependencies(path: string): boolean {
  return path.split("/").some(isDependencyFolder);
}

function parentOf(path: string): string {
  return path.split("/").slice(0, -1).join("/");
}
