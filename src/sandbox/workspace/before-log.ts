// The log of a `direct` workspace's guard (native/before_log.h), read from its end: so what stood at each path before the session's first
// change comes out, wherever it was moved since.
import { nameOf } from "./names.ts";

/** One record of the guard. */
export interface BeforeRecord {
  readonly kind: "f" | "m" | "t" | "v" | "x" | "c";
  readonly type: string;
  readonly mode: number;
  readonly size: number;
  readonly mtimeNs: string;
  readonly inode: string;
  readonly links: number;
  readonly image: string;
  readonly path: string;
  readonly other: string;
}

/** Where a path's content is, as far as the reading has come. */
export type Source =
  /** As it stands on the host, at this path. */
  | { readonly from: "host"; readonly path: string; readonly mode?: number }
  /** As the guard saw it. `emptied`: a folder that was gone for a while, so what stands in it now is not what stood in it then. */
  | { readonly from: "record"; readonly record: BeforeRecord; readonly mode?: number; readonly emptied?: true }
  | { readonly from: "nothing" };

const FIELDS = 10;

/** The records of a log, oldest first; half a record at its end is not there. */
export function parseBeforeLog(bytes: Buffer): readonly BeforeRecord[] {
  const records: BeforeRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const fields: Buffer[] = [];
    while (fields.length < FIELDS) {
      const end = bytes.indexOf(0, at);
      if (end < 0) return records;
      fields.push(bytes.subarray(at, end));
      at = end + 1;
    }
    if (bytes[at] !== 0x0a) return records;
    at += 1;
    const [kind = "", type = "", mode = "", size = "", mtimeNs = "", inode = "", links = "", image = ""] = fields.map(
      (field) => field.toString("latin1"),
    );
    const [path, other] = fields.slice(8).map(nameOf);
    // A name that is no UTF-8 cannot be written down exactly, so it is not given back.
    if (path === undefined || other === undefined || path.odd || other.odd) continue;
    records.push({
      ...{ kind: kind as BeforeRecord["kind"], type, mode: Number.parseInt(mode, 8), size: Number(size), mtimeNs },
      ...{ inode, links: Number(links), image, path: path.text, other: other.text },
    });
  }
  return records;
}

/** Whether something (or, with an inode number, that very folder) is at a path now. */
export type Stands = (path: string, inode?: string) => boolean;

/** What the log says of the time before it. */
export interface Rewound {
  readonly state: ReadonlyMap<string, Source>;
  /** Modification times of folders, nanoseconds since 1970. */
  readonly times: ReadonlyMap<string, string>;
}

/**
 * Reads the log from its end. `stands` is asked because the last move may have been put down by a guard that was
 * killed before it made it. Pure but for that question.
 */
export function rewind(records: readonly BeforeRecord[], stands: Stands): Rewound {
  const state = new Map<string, Source>();
  const times = new Map<string, string>();
  const last = records.length - 1;
  let skip = false;
  for (const [index, record] of [...records.entries()].reverse()) {
    const { kind, path, other } = record;
    const isUndone = skip;
    skip = kind === "c";
    if (isUndone || kind === "c") continue;
    if (kind === "t") times.set(path, record.mtimeNs);
    else if (kind === "f") {
      state.set(path, sourceOf(state, record, stands));
      if (record.type === "d") times.set(path, record.mtimeNs);
      else times.delete(path);
    } else if (kind === "m") {
      const source = state.get(path) ?? standing(state, path);
      if (source.from !== "nothing") state.set(path, { ...source, mode: record.mode });
    } else if (kind === "x") exchange(state, times, path, other);
    else if (index !== last || !stands(path) || stands(other)) relocate(state, times, other, path);
  }
  return { state, times };
}

function sourceOf(state: ReadonlyMap<string, Source>, record: BeforeRecord, stands: Stands): Source {
  if (record.type === "-") return { from: "nothing" };
  const later = state.get(record.path);
  if (record.type === "d") {
    // It was to be removed or replaced, and is still there: that failed, so it is whatever it is.
    const still = later ?? standing(state, record.path);
    if (still.from === "host" && stands(still.path, record.inode)) return { ...still, mode: record.mode };
  }
  const emptied = later?.from === "nothing" || (later?.from === "record" && later.emptied === true);
  return { from: "record", record, ...(emptied ? { emptied } : {}) };
}

/** Where a path that is not known itself stands: below a folder that was moved, it moved along. */
function standing(state: ReadonlyMap<string, Source>, path: string): Source {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const above = state.get(path.slice(0, end));
    if (above?.from === "host") return { from: "host", path: `${above.path}${path.slice(end)}` };
    if (above?.from === "nothing") return above;
  }
  return { from: "host", path };
}

/** Undoes a move: what is known of `from` and below is known of `to`, and the rest of the folder is still where it was moved to. */
function relocate(state: Map<string, Source>, times: Map<string, string>, from: string, to: string): void {
  const itself = standing(state, from);
  const moved = takeBelow(state, from);
  const movedTimes = takeBelow(times, from);
  const later = takeBelow(state, to);
  takeBelow(times, to);
  const first = moved.get("") ?? itself;
  moved.set("", first);
  // What came there later goes. Below a folder of the host it is found when that is looked through.
  if (first.from === "record") for (const rest of later.keys()) state.set(`${to}${rest}`, { from: "nothing" });
  for (const [rest, source] of moved) state.set(`${to}${rest}`, source);
  for (const [rest, time] of movedTimes) times.set(`${to}${rest}`, time);
  state.set(from, { from: "nothing" });
}

function exchange(state: Map<string, Source>, times: Map<string, string>, a: string, b: string): void {
  const [standsA, standsB] = [standing(state, a), standing(state, b)];
  const [atA, atB] = [takeBelow(state, a), takeBelow(state, b)];
  if (!atA.has("")) atA.set("", standsA);
  if (!atB.has("")) atB.set("", standsB);
  for (const [rest, source] of atA) state.set(`${b}${rest}`, source);
  for (const [rest, source] of atB) state.set(`${a}${rest}`, source);
  const [timesA, timesB] = [takeBelow(times, a), takeBelow(times, b)];
  for (const [rest, time] of timesA) times.set(`${b}${rest}`, time);
  for (const [rest, time] of timesB) times.set(`${a}${rest}`, time);
}

function takeBelow<T>(map: Map<string, T>, top: string): Map<string, T> {
  const taken = new Map<string, T>();
  for (const [path, value] of map) {
    if (path !== top && !path.startsWith(`${top}/`)) continue;
    taken.set(path.slice(top.length), value);
    map.delete(path);
  }
  return taken;
}
