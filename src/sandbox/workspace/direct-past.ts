// The past of a `direct` workspace's session: what its guard kept (before-log.ts), sealed when the session is over. Images get the names of
// their digests, and every path the state in which the session left it.
import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type EntryType, isSameState, type PastEntry, type PastRecord } from "#core/review";
import { type BeforeRecord, parseBeforeLog, rewind, type Source } from "./before-log.ts";
import { inParent } from "./folder.ts";
import { digestOf, isAbsence, stateOf } from "./host-entry.ts";
import { folderTime, repositoryStates } from "./past.ts";
import { keepImage } from "./past-image.ts";
import { PastStore } from "./past-store.ts";

/** Where it is. */
export interface DirectPast {
  readonly root: string;
  readonly past: string;
  /** True when the session's end was not seen: then nobody knows how it left the workspace. */
  readonly unseen: boolean;
}

/** Seals the log, if there is one; again and again after a crash, with the same result. Answers the paths that cannot be given back. */
export function sealDirectPast({ root, past, unseen }: DirectPast): readonly string[] {
  const log = join(past, "before.log");
  if (!existsSync(log)) return [];
  const records = parseBeforeLog(readFileSync(log));
  const { state, times } = rewind(records, (path, inode) => {
    const found = lstatSync(join(root, path), { bigint: true, throwIfNoEntry: false });
    return found !== undefined && (inode === undefined || (found.isDirectory() && String(found.ino) === inode));
  });
  const store = new PastStore(past);
  nameImages(store);
  const all = expanded(root, state);
  const firstOfInode = sharedImages(records);
  const sealed = [...all].flatMap(([path, source]): readonly PastRecord[] => {
    const { entry: before, uncovered } = entryOf({ store, root, path, source, firstOfInode, time: times.get(path) });
    const left = at(root, path, stateOf);
    const isUntouched = isSameState(before, left) && before?.mtimeNs === left?.mtimeNs;
    if (isUntouched && uncovered === undefined) return [];
    return [{ path, before, left: unseen ? "unknown" : left, ...(uncovered === undefined ? {} : { uncovered }) }];
  });
  const folders = [...times].flatMap(([folder, before]) => {
    const left = folderTime(root, folder);
    return left === undefined ? [] : [{ folder, before, left }];
  });
  const touched = sealed.map(({ path, before }) => ({ path, isNew: before === null }));
  const states = unseen ? [] : repositoryStates(store, root, touched);
  store.append([...folders, ...sealed, ...states]);
  rmSync(log);
  return sealed.flatMap(({ path, uncovered }) => (uncovered === undefined ? [] : [path]));
}

/** Folders that were moved, as each of their paths: here gone, there back. */
function expanded(root: string, state: ReadonlyMap<string, Source>): ReadonlyMap<string, Source> {
  const all = new Map(state);
  const moved = [...state].flatMap(([path, source]) =>
    source.from === "host" && source.path !== path ? [{ path, from: source.path }] : [],
  );
  for (const { path, from } of moved) {
    // What has an entry of its own says itself what is below it.
    each(root, from, (rest) => !state.has(`${path}${rest}`) && add(`${path}${rest}`, `${from}${rest}`));
  }
  // Whatever else stands there now came later: a folder was empty when it went, and what was in it has entries of its own.
  const others = [...state].flatMap(([path, source]) =>
    source.from === "nothing" || (source.from === "record" && source.emptied === true) ? [path] : [],
  );
  for (const path of [...others, ...moved.map((one) => one.path)])
    each(root, path, (rest) => add(`${path}${rest}`, undefined));
  return all;

  function add(path: string, from: string | undefined): true {
    if (!all.has(path)) all.set(path, from === undefined ? { from: "nothing" } : { from: "host", path: from });
    return true;
  }
}

/** Everything below a real folder, as `/name…`; `see` says whether to go on below it. */
function each(root: string, path: string, see: (rest: string) => boolean): void {
  const visit = (rest: string): void => {
    const found = at(root, `${path}${rest}`, (_, file) => (lstatSync(file).isDirectory() ? readdirSync(file) : []));
    for (const name of found ?? []) if (see(`${rest}/${name}`)) visit(`${rest}/${name}`);
  };
  visit("");
}

/** Files with several names: whichever name was changed first, its image is of the content they all had. */
function sharedImages(records: readonly BeforeRecord[]): ReadonlyMap<string, BeforeRecord> {
  const first = new Map<string, BeforeRecord>();
  for (const record of records) {
    if (record.kind !== "f" || record.type !== "f" || record.links < 2 || first.has(record.inode)) continue;
    first.set(record.inode, record);
  }
  return first;
}

interface Wanted {
  readonly store: PastStore;
  readonly root: string;
  readonly path: string;
  readonly source: Source;
  readonly firstOfInode: ReadonlyMap<string, BeforeRecord>;
  /** Of a folder, before anything in it changed. */
  readonly time: string | undefined;
}

const TYPES: Readonly<Record<string, EntryType>> = { f: "file", d: "folder", l: "link" };

function entryOf(wanted: Wanted): { readonly entry: PastEntry | null; readonly uncovered?: string } {
  const { source } = wanted;
  if (source.from === "nothing") return { entry: null };
  const { mode } = source;
  const withMode = (entry: PastEntry): PastEntry => ({
    ...entry,
    ...(mode === undefined ? {} : { mode }),
    ...(entry.type === "folder" && wanted.time !== undefined ? { mtimeNs: wanted.time } : {}),
  });
  if (source.from === "host") {
    const entry = hostSource(wanted, source.path);
    return entry === null ? { entry, uncovered: "image-lost" } : { entry: withMode(entry) };
  }
  const { record } = source;
  const plain: PastEntry = {
    ...{ type: TYPES[record.type] ?? "device", mode: record.mode, size: record.size, mtimeNs: record.mtimeNs },
    ...{ uid: -1, gid: -1 },
    ...(record.type === "l" ? { target: record.other } : {}),
  };
  if (record.type !== "f") return { entry: withMode(plain) };
  // Also when it has one name by now: what was written through the others is not what it was.
  const shared = wanted.firstOfInode.get(record.inode);
  const { image, other, size, mtimeNs } = shared ?? record;
  if (image === "-") return { entry: withMode(plain), uncovered: other };
  const inode = shared === undefined ? {} : { inode: record.inode };
  return { entry: withMode({ ...plain, size, mtimeNs, ...inode, digest: wanted.store.aliases.get(image) ?? "" }) };
}

/** What stands at `path` now and belongs elsewhere, or here with another mode. A file that belongs elsewhere is kept. */
function hostSource({ store, root, path: goal }: Wanted, path: string): PastEntry | null {
  return (
    at(root, path, (_, file): PastEntry | null => {
      const entry = stateOf(path, file);
      if (entry?.type !== "file" || path === goal) return entry;
      const { meaning: _meaning, ...plain } = entry;
      return keepImage(store, { path: goal, at: file, entry: plain, digest: entry.digest, stays: true }, false);
    }) ?? null
  );
}

/** Gives the guard's images the names of their content. Put down first: a sealing that is cut off goes on where it was. */
function nameImages(store: PastStore): void {
  const folder = join(store.folder, "images");
  const images = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("direct-")) : [];
  const named = images.map((image) => ({ image, digest: digestOf(join(folder, image)) }));
  store.append(named);
  for (const { image, digest } of named) renameSync(join(folder, image), store.image(digest));
}

function at<T>(root: string, path: string, act: (path: string, file: string) => T): T | null {
  if (path === "") return null; // the workspace itself
  try {
    return inParent(root, path, (folder, name) => act(path, folder.at(name)));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (isAbsence(error) || ["ELOOP", "EXDEV", "EACCES"].includes(code)) return null;
    throw error;
  }
}
