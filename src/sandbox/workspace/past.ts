// What apply and undo do to the past of a session: before the first change of a batch everything that it replaces is kept, and
// afterwards it is noted how the host was left. Both come in the order that makes a crash between any two steps harmless.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDependencyFolder } from "#core/paths";
import { type Change, gitPlace, isGitObject, isSameState, type PastEntry, type PastRecord } from "#core/review";
import { inParent, openFolder } from "./folder.ts";
import { hostEntry, isAbsence, isSameStamp, meaningOf, pastEntry } from "./host-entry.ts";
import { keepImage } from "./past-image.ts";
import type { FolderTime, PastStore, RepositoryState } from "./past-store.ts";
import { syncFileSystem } from "./stage.ts";

/** `apply`: to what the session wants. `undo`: to what was replaced, or, once more, back again. */
export type Way = "apply" | "undo";

// Below this a wait for each image is quicker than one for the whole file system.
const FEW = 16;

/**
 * Keeps what `changes` replace. Answers them with the host's side as it is after the keeping, because a second name of a file is a change of
 * its inode. What is not as a change expects is left out of the past: that change will be refused. Throws when nothing can be kept
 * (no room): then nothing may be changed.
 */
export function keepPast(store: PastStore, root: string, changes: readonly Change[], way: Way): readonly Change[] {
  const durable = changes.length <= FEW;
  const records: PastRecord[] = [];
  const kept = changes.map((change) => {
    const found = change.oddName ? undefined : keepOne(store, root, change, { durable, way });
    if (found === undefined) return change;
    records.push(found.record);
    return found.change;
  });
  if (!durable && records.some(({ before }) => before?.digest !== undefined)) syncFileSystem(store.folder);
  store.append([...movedRepositories(store, root, records), ...folderTimes(store, root, records), ...records]);
  return kept;
}

/** A repository that somebody else worked in since: what the session stored there may have a name by now, so it stays for ever. */
function movedRepositories(store: PastStore, root: string, records: readonly PastRecord[]): readonly RepositoryState[] {
  return repositoriesOf(records).flatMap((repository) => {
    const known = store.repositories.get(repository);
    return known === undefined || known === repositoryState(root, repository) ? [] : [{ repository, left: "moved" }];
  });
}

function repositoriesOf(paths: readonly { readonly path: string }[]): readonly string[] {
  return [...new Set(paths.flatMap(({ path }) => gitPlace(path)?.git ?? []))];
}

interface Kept {
  readonly record: PastRecord;
  readonly change: Change;
}

function keepOne(
  store: PastStore,
  root: string,
  change: Change,
  { durable, way }: { readonly durable: boolean; readonly way: Way },
): Kept | undefined {
  const { path } = change;
  const left = leftBy(change);
  try {
    return inParent(root, path, (folder, name): Kept | undefined => {
      const at = folder.at(name);
      const host = hostEntry(at);
      if (host === undefined || change.before === undefined)
        return host === change.before ? { change, record: recordOf(store, path, { now: null, left, way }) } : undefined;
      const isReplaced = host.type === "file" && change.kind !== "mode";
      if (host.type !== change.before.type || (host.type !== "folder" && !isSameStamp(host.stamp, change.before.stamp)))
        return undefined;
      const entry = pastEntry(at);
      if (entry === null) return undefined;
      const { inode: _, ...plain } = entry;
      const known = change.before.digest;
      const isWrittenInPlace =
        entry.inode !== undefined && (change.after as PastEntry | undefined)?.inode === entry.inode;
      const isUndo = way === "undo" && (isWrittenInPlace || store.records.get(path)?.undone !== true);
      const now: PastEntry = isReplaced
        ? keepImage(
            store,
            { path, at, entry, digest: known, ...(isUndo ? { isUndone: true } : {}) },
            durable && !inDependencies(path),
          )
        : { ...plain, ...(known === undefined ? {} : { digest: known }) };
      const meaning = host.type === "file" ? meaningOf(path, at) : undefined;
      const record = recordOf(store, path, {
        now: { ...now, ...(meaning === undefined ? {} : { meaning }) },
        left,
        way,
      });
      if (now.twin === undefined) return { change, record };
      const since = hostEntry(at);
      return since === undefined
        ? undefined
        : { record, change: { ...change, before: { ...change.before, ...since } } };
    });
  } catch (error) {
    // Its folder is still to come; or something stands in the way, and the change itself will be refused.
    if (isAbsence(error) && change.before === undefined)
      return { change, record: recordOf(store, path, { now: null, left, way }) };
    if (isWayBarred(error)) return undefined;
    throw error;
  }
}

/** The new record of a path. What the person did between two applies of a session is theirs: then undo goes back to that, not further. */
function recordOf(
  store: PastStore,
  path: string,
  { now, left, way }: { readonly now: PastEntry | null; readonly left: PastEntry | null; readonly way: Way },
): PastRecord {
  const last = store.records.get(path);
  if (way === "undo") return { path, before: now, left, ...(last?.undone === true ? {} : { undone: true }) };
  const isOwn = last !== undefined && last.undone !== true && last.left !== "unknown" && isSameState(now, last.left);
  if (!isOwn) return { path, before: withOwnTime(store, path, now), left };
  // Until now only the mode was changed, so the content is still the one to be given back.
  const { before } = last;
  const isImageMissing = before?.type === "file" && before.twin === undefined && !store.has(before.digest);
  return { path, before: isImageMissing && now !== null ? { ...now, ...modeOf(before) } : before, left };
}

/** A folder whose time is the session's own doing is given back with the one before. */
function withOwnTime(store: PastStore, path: string, now: PastEntry | null): PastEntry | null {
  const known = store.folders.get(path);
  return now?.type === "folder" && known?.left === now.mtimeNs ? { ...now, mtimeNs: known.before } : now;
}

function modeOf({ mode, uid, gid, mtimeNs }: PastEntry): Partial<PastEntry> {
  return { mode, uid, gid, mtimeNs };
}

/** How the host is when the change is done. Known before, so that a crash leaves no doubt. */
function leftBy({ kind, after }: Change): PastEntry | null {
  if (kind === "delete" || after === undefined) return null;
  const { type, mode, size, target, digest } = after;
  const past = after as Partial<PastEntry>;
  return {
    ...{ type, mode, size, uid: past.uid ?? -1, gid: past.gid ?? -1, mtimeNs: past.mtimeNs ?? "" },
    ...(target === undefined ? {} : { target }),
    ...(digest === undefined ? {} : { digest }),
    ...(past.meaning === undefined ? {} : { meaning: past.meaning }),
  };
}

/** The times of the folders whose entries change, unless an earlier change of this session knows them. */
function folderTimes(store: PastStore, root: string, records: readonly PastRecord[]): readonly FolderTime[] {
  return [...new Set(records.map(({ path }) => parentOf(path)))].flatMap((folder): FolderTime[] => {
    const now = folderTime(root, folder);
    const known = store.folders.get(folder);
    return now === undefined || known?.left === now ? [] : [{ folder, before: now, left: now }];
  });
}

/** The modification time of a real folder, or `undefined`. */
export function folderTime(root: string, path: string): string | undefined {
  try {
    const folder = openFolder(root, path === "" ? [] : path.split("/"));
    try {
      return String(statSync(folder.self, { bigint: true }).mtimeNs);
    } finally {
      folder.close();
    }
  } catch (error) {
    if (isAbsence(error) || isWayBarred(error)) return undefined;
    throw error;
  }
}

/** The states of the repositories among these paths to which objects were added, by now or before. */
export function repositoryStates(
  store: PastStore,
  root: string,
  touched: readonly { readonly path: string; readonly isNew: boolean }[],
): readonly RepositoryState[] {
  const stored = new Set(repositoriesOf(touched.filter(({ path, isNew }) => isNew && isStoredObject(path))));
  return repositoriesOf(touched).flatMap((repository): RepositoryState[] => {
    const known = store.repositories.get(repository);
    if (known === "moved" || (known === undefined && !stored.has(repository))) return [];
    return [{ repository, left: repositoryState(root, repository) ?? "moved" }];
  });
}

/** Notes how the host was left. `refused` were announced by `keepPast` and not done. */
export function notePast(store: PastStore, root: string, done: readonly Change[], refused: readonly Change[]): void {
  const parents = new Set(done.map(({ path }) => parentOf(path)));
  const times = [...parents].flatMap((folder): FolderTime[] => {
    const known = store.folders.get(folder);
    const left = folderTime(root, folder);
    return known === undefined || left === undefined || known.left === left ? [] : [{ ...known, left }];
  });
  const stores = done.map(({ path, kind }) => ({ path, isNew: kind === "add" }));
  const states = repositoryStates(store, root, stores);
  const meanings = done.flatMap(({ path, after }): PastRecord[] => {
    const record = store.records.get(path);
    if (after?.type !== "file" || record === undefined || record.left === null || record.left === "unknown") return [];
    const meaning = indexMeaningAt(root, path);
    return meaning === undefined ? [] : [{ ...record, left: { ...record.left, meaning } }];
  });
  store.append([...store.takenBack(refused.map(({ path }) => path)), ...times, ...states, ...meanings]);
}

function indexMeaningAt(root: string, path: string): string | undefined {
  return gitPlace(path)?.inside === "index"
    ? inParent(root, path, (folder, name) => meaningOf(path, folder.at(name)))
    : undefined;
}

const MOST_FILES = 20_000;
/** What of a repository never keeps an object alive. */
const NAMES_NOTHING = new Set(["objects", "modules", "config", "hooks", "info", "description", "COMMIT_EDITMSG"]);

/**
 * Everything of a repository but its objects, in one digest: while it stands, nobody made a name for what the session stored. `undefined`
 * when it cannot be read whole, or is too large to be: then stored objects are never taken away again.
 */
export function repositoryState(root: string, repository: string): string | undefined {
  const hash = createHash("sha256");
  let left = MOST_FILES;
  try {
    const folder = openFolder(root, repository.split("/"));
    try {
      return visit(folder.self, "") ? hash.digest("hex") : undefined;
    } finally {
      folder.close();
    }
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }

  function visit(at: string, path: string): boolean {
    const entries = readdirSync(join(at, path), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    return entries.every((entry) => {
      const name = path === "" ? entry.name : `${path}/${entry.name}`;
      if (path === "" && NAMES_NOTHING.has(name)) return true;
      if (left-- === 0) return false;
      if (entry.isDirectory()) return visit(at, name);
      const file = join(at, name);
      if (entry.isSymbolicLink()) hash.update(`link ${name}\0${readlinkSync(file)}\0`);
      else if (entry.isFile())
        hash.update(`file ${name}\0${meaningOf(`${repository}/${name}`, file) ?? plainDigest(file)}\0`);
      return true;
    });
  }
}

function plainDigest(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** True for an object that a repository stores: it may go only while nothing names it. */
export function isStoredObject(path: string): boolean {
  const place = gitPlace(path);
  return place !== undefined && isGitObject(place);
}

function isWayBarred(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return ["ELOOP", "EXDEV", "EACCES", "EINVAL", "ENAMETOOLONG"].includes(code);
}

function inDependencies(path: string): boolean {
  return path.split("/").some(isDependencyFolder);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
