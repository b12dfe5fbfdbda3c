// Carries accepted changes to the real workspace: each file whole by rename, never through a link, permission bits only, and
// only where the host still is as it was when the change was read. A journal outside the workspace lets the next run finish.
import { chmodSync, mkdirSync, renameSync, rmdirSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { isDependencyFolder } from "#core/paths";
import type { Change, HostEntry } from "#core/review";
import { copyChecked } from "./copy.ts";
import { inParent, type OpenFolder, openFolder, syncFolder } from "./folder.ts";
import { gitUnits } from "./git-unit.ts";
import { digestOf, hostEntry, isAbsence } from "./host-entry.ts";
import { dropJournal, type Journal, journalOf, readJournal, writeJournal } from "./journal.ts";
import { inOrder } from "./order.ts";
import { type Staged, stageFiles, syncFileSystem } from "./stage.ts";

/** Where changes come from and go to. All absolute; `journal` and `stage` are the session's own. */
export interface ApplyPlaces {
  readonly root: string;
  readonly upper: string;
  /** File that exists while an apply is under way. */
  readonly journal: string;
  /** Folder for files on their way; on the workspace's file system nothing temporary ever stands in the workspace. */
  readonly stage: string;
}

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

/** Carries out `changes`, which the gate or a person accepted. Never throws for a single change: that one is refused. */
export function applyChanges(places: ApplyPlaces, changes: readonly Change[]): Applied {
  if (changes.length === 0) return { applied: [], refused: [] };
  const journal = journalOf(inOrder(changes));
  writeJournal(places.journal, journal);
  return carryOut(places, journal);
}

/** Finishes an apply that was cut off, or returns `undefined` when there is none. Call before reading changes again. */
export function finishApply(places: ApplyPlaces): Applied | undefined {
  const journal = readJournal(places.journal);
  return journal === undefined ? undefined : carryOut(places, journal);
}

function carryOut(places: ApplyPlaces, journal: Journal): Applied {
  mkdirSync(places.stage, { recursive: true, mode: 0o700 });
  const applied: string[] = [];
  const refused: Refusal[] = [];
  const touched = new Set<string>();
  const modes: Change[] = [];
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
  for (const change of journal.changes) {
    if (isFolderMode(change)) modes.push(change);
    else if (attempt(change, () => carryOne({ ...places, staged }, change, nameOf(change)))) {
      applied.push(change.path);
      if (change.after?.type === "folder") modes.push(change);
      if (!inDependencies(change.path)) touched.add(parentOf(change.path));
    }
  }
  staged.close();
  // Last, deepest first: a folder without write permission takes no more files.
  for (const change of modes.reverse()) {
    if (attempt(change, () => setFolderMode(places, change, 0)) && isFolderMode(change)) applied.push(change.path);
  }
  // One wait for all of many folders.
  if (touched.size <= MANY || !syncFileSystem(places.root))
    for (const folder of touched) syncFolder(places.root, folder);
  dropJournal(places.journal);
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

type PutPlaces = ApplyPlaces & { readonly staged: Staged };

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
    if (!isUnmoved(now, change.before)) return "host-moved";
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
  if (after?.type === "folder") {
    mkdirSync(target, { mode: 0o700 });
    return undefined;
  }
  if (after?.type !== "file" && after?.type !== "link") return "special-file";
  if (change.kind === "mode") return setFileMode(target, after.mode);
  const make = (at: string): boolean => {
    if (after.type === "link") {
      symlinkSync(after.target ?? "", at);
      return true;
    }
    const from = join(places.upper, change.path);
    return copyChecked(from, at, { after, like: place.now, durable: !inDependencies(change.path) });
  };
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
function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EXDEV") return false;
    removeAt(from);
    throw error;
  }
}

function remove(target: string, now: HostEntry | undefined): undefined {
  if (now?.type === "folder") rmdirSync(target);
  else unlinkSync(target);
}

/** The host already is as the change wants it: an earlier, cut-off apply did it, or a person. */
function isDone(target: string, now: HostEntry | undefined, { kind, after }: Change): boolean {
  if (kind === "delete" || after === undefined) return now === undefined;
  if (now?.type !== after.type) return false;
  if (after.type === "folder") return true;
  if (after.type === "link") return now.target === after.target;
  return (now.mode & 0o777) === (after.mode & 0o777) && now.size === after.size && digestOf(target) === after.digest;
}

/** Files and links must be the very state that was read; a folder changes with each of its entries, so its kind decides. */
function isUnmoved(now: HostEntry | undefined, before: HostEntry | undefined): boolean {
  if (now === undefined || before === undefined) return now === before;
  return now.type === before.type && (now.type === "folder" || now.stamp === before.stamp);
}

function isFolderMode({ kind, after }: Change): boolean {
  return kind === "mode" && after?.type === "folder";
}

/** A folder keeps the host's own set-group-id and sticky bits; the agent decides the other nine. */
function setFolderMode(places: ApplyPlaces, change: Change, more: number): string | undefined {
  if (change.oddName) return "bad-name";
  const folder = openFolder(places.root, change.path.split("/"));
  try {
    const kept = (hostEntry(`${folder.self}/.`)?.mode ?? 0) & 0o7000;
    chmodSync(folder.self, kept | ((change.after?.mode ?? 0o755) & 0o777) | more);
    return undefined;
  } finally {
    folder.close();
  }
}

function setFileMode(target: string, mode: number): undefined {
  // The entry was just seen to be a regular file in a folder that is held open; chmod would follow a link put there since,
  // but only a process of the person's own could have done that.
  chmodSync(target, mode & 0o777);
}

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
