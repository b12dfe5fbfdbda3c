// Gives back what a session replaced (SAND-10): the same way as apply, in the other direction, from the images that were kept. Only where the
// host still is as the session left it; what stands there now is kept in turn, so an undo can be undone.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import {
  type Change,
  type ChangeKind,
  gitPlace,
  type HostEntry,
  isGitData,
  isSameState,
  type PastEntry,
  type PastRecord,
} from "#core/review";
import { type Applied, carryOut, type Refusal } from "./carry.ts";
import { inParent } from "./folder.ts";
import { digestOf, hostEntry, isAbsence, stateOf } from "./host-entry.ts";
import { dropJournal, type GivenTime, type Journal, journalOf, readJournal, writeJournal } from "./journal.ts";
import { inOrder } from "./order.ts";
import { folderTime, isStoredObject, keepPast, notePast, repositoryState } from "./past.ts";
import { soundTwin } from "./past-image.ts";
import { type FolderTime, PastStore } from "./past-store.ts";
import { fromPast } from "./source.ts";

/** Where it happens. All absolute. */
export interface UndoPlaces {
  readonly helper: string;
  readonly root: string;
  /** The session's past. */
  readonly past: string;
}

/** What is asked for. */
export interface UndoWish {
  /** Files, or folders for everything below (`""`: the root); all when absent. A part of a repository's data means all of it. */
  readonly named?: readonly string[];
  /** Brings again what an undo took away. */
  readonly redo?: boolean;
}

/** What an undo would do; nothing is changed by making it. */
export interface UndoPlan {
  /** For each named path whether it names anything. */
  readonly named: readonly boolean[];
  readonly changes: readonly Change[];
  readonly refused: readonly Refusal[];
  /** Paths that are as they were already. */
  readonly already: readonly string[];
  readonly folders: readonly FolderTime[];
  /** Paths that the session itself made as they were, but for their times. */
  readonly times: readonly GivenTime[];
}

type Outcome = { readonly change: Change } | { readonly code: string } | "already";

/** Compares the host with what the session left, path by path. */
export function planUndo(places: UndoPlaces, { named, redo = false }: UndoWish): UndoPlan {
  const store = new PastStore(places.past);
  const all = [...store.records.values()].filter(({ undone }) => (undone === true) === redo);
  const records = named === undefined ? all : chosen(all, named);
  const outcomes = new Map(
    records.map((record) => [record.path, compare(store, places.root, named === undefined ? record : seen(record))]),
  );
  holdRepositories(store, places.root, outcomes);
  const changes: Change[] = [];
  const refused: Refusal[] = [];
  const already: string[] = [];
  for (const [path, outcome] of outcomes) {
    if (outcome === "already") already.push(path);
    else if ("code" in outcome) refused.push({ path, code: outcome.code });
    else changes.push(outcome.change);
  }
  const folders = [...store.folders.values()].filter(({ folder, left }) => folderTime(places.root, folder) === left);
  const times = already.flatMap((path): readonly GivenTime[] => {
    const { before, left } = store.records.get(path) ?? { before: null, left: null };
    return before !== null && left !== "unknown" && isSameState(before, left) ? [{ path, ns: before.mtimeNs }] : [];
  });
  const isNamed = (named ?? []).map((name) => all.some(({ path }) => isBelow(path, name)));
  return { named: isNamed, changes: inOrder(changes), refused, already, folders, times };
}

function chosen(records: readonly PastRecord[], named: readonly string[]): readonly PastRecord[] {
  const direct = records.filter(({ path }) => named.some((name) => isBelow(path, name)));
  const repositories = new Set(direct.flatMap(({ path }) => repositoryOf(path) ?? []));
  return records.filter((record) => direct.includes(record) || repositories.has(repositoryOf(record.path) ?? ""));
}

function repositoryOf(path: string): string | undefined {
  const place = gitPlace(path);
  return place !== undefined && isGitData(place) ? place.git : undefined;
}

function isBelow(path: string, name: string): boolean {
  return name === "" || path === name || path.startsWith(`${name}/`);
}

/** A repository goes back as one: when a part cannot, nothing does; and what it stores is taken away only while nobody names it. */
function holdRepositories(store: PastStore, root: string, outcomes: Map<string, Outcome>): void {
  const torn = new Set<string>();
  for (const [path, outcome] of outcomes) {
    const place = gitPlace(path);
    if (place !== undefined && isGitData(place) && outcome !== "already" && "code" in outcome) torn.add(place.git);
  }
  const named = new Map<string, boolean>();
  for (const [path, outcome] of outcomes) {
    const place = gitPlace(path);
    if (place === undefined || !isGitData(place) || outcome === "already" || "code" in outcome) continue;
    if (torn.has(place.git)) outcomes.set(path, { code: "git-together" });
    else if (isStoredObject(path) && outcome.change.kind === "delete") {
      if (!named.has(place.git))
        named.set(place.git, repositoryState(root, place.git) !== store.repositories.get(place.git));
      if (named.get(place.git) === true) outcomes.set(path, { code: "git-in-use" });
    }
  }
}

/** Whoever names a path says that it may go back, also where nobody saw how a killed session left it. */
function seen(record: PastRecord): PastRecord {
  return record.left === "unknown" ? { ...record, left: ANY } : record;
}

/** Marks a side that is whatever stands there. */
const ANY: PastEntry = { type: "deep", mode: 0, size: 0, uid: -1, gid: -1, mtimeNs: "" };

function compare(store: PastStore, root: string, record: PastRecord): Outcome {
  const { path, before, left } = record;
  try {
    return inParent(root, path, (folder, name) => compareAt(store, record, folder.at(name)));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    if (!isAbsence(error)) return { code };
    if (before === null) return "already";
    // Its folder is given back first, or it is not there to take it.
    return left === null || left === ANY ? changeTo(store, record, undefined) : { code: "host-moved" };
  }
}

function compareAt(store: PastStore, record: PastRecord, at: string): Outcome {
  const { path, before, left } = record;
  const host = hostEntry(at);
  const now = host === undefined ? null : stateOf(path, at);
  if (isSameState(now, before)) return "already";
  if (left === "unknown") return { code: "left-unknown" };
  if (left !== ANY && !isSameState(now, left)) return { code: "host-moved" };
  return changeTo(store, record, host === undefined || now === null ? undefined : { ...host, ...digestIn(now) });
}

function digestIn({ digest }: PastEntry): { readonly digest?: string } {
  return digest === undefined ? {} : { digest };
}

function changeTo(store: PastStore, { path, before, uncovered }: PastRecord, host: HostEntry | undefined): Outcome {
  if (uncovered !== undefined) return { code: uncovered };
  const kind = kindOf(host, before);
  if (before !== null && !["file", "folder", "link"].includes(before.type)) return { code: "special-file" };
  if (before?.type === "file" && kind !== "mode" && !isKept(store, before)) return { code: "image-lost" };
  const sides = { ...(host === undefined ? {} : { before: host }), ...(before === null ? {} : { after: before }) };
  return { change: { path, kind, ...sides, oddName: false, masked: false } };
}

function isKept(store: PastStore, before: PastEntry): boolean {
  if (soundTwin(store, before) !== undefined) return true;
  return store.has(before.digest) && digestOf(store.image(before.digest)) === before.digest;
}

function kindOf(host: HostEntry | undefined, before: PastEntry | null): ChangeKind {
  if (before === null) return "delete";
  if (host === undefined) return "add";
  if (host.type !== before.type) return "type";
  const isOnlyMode = host.type === "folder" || (host.type === "file" && host.digest === before.digest);
  return isOnlyMode ? "mode" : "modify";
}

/** Carries a plan out. When what stands there now cannot be kept, all of it is refused. */
export function undoChanges(places: UndoPlaces, plan: UndoPlan): Applied {
  const store = new PastStore(places.past);
  // Somebody gave these back by hand; nothing of the session is left at them.
  const settled = plan.already.filter((path) => store.records.get(path)?.undone !== true);
  store.append(settled.map((name) => ({ drop: "path", name })));
  if (plan.changes.length + plan.already.length + plan.folders.length === 0) return { applied: [], refused: [] };
  let kept: readonly Change[];
  try {
    kept = keepPast(store, places.root, plan.changes, "undo");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return { applied: [], refused: plan.changes.map(({ path }) => ({ path, code: "not-kept" })) };
  }
  const journal = { ...journalOf(kept), folders: plan.folders, times: plan.times };
  writeJournal(journalFile(places), journal);
  return finish(places, store, journal);
}

/** Finishes an undo that was cut off, or returns `undefined` when there is none. */
export function finishUndo(places: UndoPlaces): Applied | undefined {
  const journal = readJournal(journalFile(places));
  return journal === undefined ? undefined : finish({ ...places, again: true }, new PastStore(places.past), journal);
}

function finish(places: UndoPlaces & { readonly again?: true }, store: PastStore, journal: Journal): Applied {
  const { root } = places;
  const again = places.again === true ? { again: places.again } : {};
  const done = carryOut({ root, stage: join(places.past, "stage"), source: fromPast(store), ...again }, journal);
  const refused = new Set(done.refused.map(({ path }) => path));
  const back = journal.changes.filter(({ path }) => !refused.has(path));
  const failed = journal.changes.filter(({ path }) => refused.has(path));
  // Before the times are given back, so that a folder's is noted only once.
  notePast(store, root, back, failed);
  const whole = wholeFolders(store, journal.folders ?? []);
  giveTimesBack(places, [
    ...back.flatMap(({ path, after }) => (after === undefined ? [] : [{ path, ns: (after as PastEntry).mtimeNs }])),
    ...(journal.times ?? []),
    ...whole.map(({ folder, before }) => ({ path: folder, ns: before })),
  ]);
  store.append(whole.map(({ folder }) => ({ drop: "folder", name: folder })));
  dropJournal(journalFile(places));
  const code = (word: string): string => (word === "session-moved" || word === "ENOENT" ? "image-lost" : word);
  return { applied: done.applied, refused: done.refused.map((one) => ({ ...one, code: code(one.code) })) };
}

/** Folders in which nothing of the session is left. */
function wholeFolders(store: PastStore, folders: readonly FolderTime[]): readonly FolderTime[] {
  const rest = [...store.records.values()].filter(({ undone }) => undone !== true);
  const holding = new Set(rest.map(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf("/")))));
  return folders.filter(({ folder }) => !holding.has(folder));
}

/** Node's times are too coarse for nanoseconds; the helper sets them, through no link. */
function giveTimesBack(
  { helper, root }: UndoPlaces,
  times: readonly { readonly path: string; readonly ns: string }[],
): void {
  const input = times
    .filter(({ ns }) => ns !== "")
    .map(({ path, ns }) => `${ns}\0${path}\0`)
    .join("");
  if (input === "") return;
  spawnSync(helper, ["times", root], { input, env: {}, cwd: "/", stdio: ["pipe", "ignore", "ignore"] });
}

function journalFile({ past }: UndoPlaces): string {
  return join(past, "journal.json");
}
