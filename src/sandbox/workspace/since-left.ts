// The changes since a live apply: what came already is nothing, what the session went on with is a change of its own file, and what a person
// edited since is theirs. Where the session worked on a private copy, what it took back again is found here too: it left no trace in its layer.
import { type Change, type ChangeSet, type Entry, type HostEntry, isLeft, type LeftState } from "#core/review";
import { inParent } from "./folder.ts";
import { digestOf, hostEntry, isAbsence } from "./host-entry.ts";

/** Where to look. */
export interface LeftPlaces {
  readonly host: string;
  readonly upper: string;
  /** The private copy, where there is one. */
  readonly copy?: string;
  readonly left: ReadonlyMap<string, LeftState>;
}

/** The same set, without what came and with what was taken back. */
export function sinceLeft(set: ChangeSet, places: LeftPlaces): ChangeSet {
  const { left } = places;
  if (left.size === 0) return set;
  const seen = new Set(set.changes.map(({ path }) => path));
  const later = set.changes.flatMap((change): readonly Change[] => {
    const state = left.get(change.path);
    if (state === undefined) return [change];
    if (isLeft(change.kind === "delete" ? undefined : change.after, state)) return [];
    return [marked(change, entryAt(places.host, change.path), state)];
  });
  const back = [...left].flatMap(([path, state]) => (seen.has(path) ? [] : takenBack(path, state, places)));
  const changes = [...later, ...back].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { ...set, changes, lostBefore: [...left.values()].filter((state) => state === null).length };
}

function marked({ before: _, ...change }: Change, host: HostEntry | undefined, state: LeftState): Change {
  const before = host === undefined ? {} : { before: host };
  const whose = isLeft(host, state) ? { ours: true, differs: false } : { differs: true };
  return { ...change, ...before, ...whose, ...(state?.made === true ? { made: true } : {}) };
}

/** The session's own file is the commit's again, or gone again: either leaves no trace in the layer that the host's side would tell. */
function takenBack(path: string, state: LeftState, places: LeftPlaces): readonly Change[] {
  const above = entryAt(places.upper, path);
  if (places.copy === undefined && (above !== undefined || !isInMade(path, places.left))) return [];
  const inside = above ?? (places.copy === undefined ? undefined : entryAt(places.copy, path));
  const host = entryAt(places.host, path);
  if (isLeft(inside, state)) return [];
  const plain = { path, oddName: false, masked: false };
  if (inside === undefined) return host === undefined ? [] : [marked({ ...plain, kind: "delete" }, host, state)];
  // Only what stands in the session's layer can be carried from there.
  if (above === undefined || (above.type !== "file" && above.type !== "link")) return [];
  const { type, mode, size, digest, target } = above;
  const after: Entry = {
    ...{ type, mode, size },
    ...(digest === undefined ? {} : { digest }),
    ...(target === undefined ? {} : { target, end: target }),
  };
  const kind = host === undefined ? "add" : host.type === type ? "modify" : "type";
  return [marked({ ...plain, kind, after }, host, state)];
}

/** Where a folder above is the session's own, what is not in the layer is not there inside. */
function isInMade(path: string, left: LeftPlaces["left"]): boolean {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1))
    if (left.get(path.slice(0, at))?.made === true) return true;
  return false;
}

/** What stands at a path, reached without any link; `undefined` also where one is in the way. */
function entryAt(root: string, path: string): HostEntry | undefined {
  try {
    return inParent(root, path, (folder, name) => {
      const entry = hostEntry(folder.at(name));
      return entry?.type === "file" ? { ...entry, digest: digestOf(folder.at(name)) } : entry;
    });
  } catch (error) {
    if (isAbsence(error) || (error instanceof Error && "code" in error && error.code === "ELOOP")) return undefined;
    throw error;
  }
}
