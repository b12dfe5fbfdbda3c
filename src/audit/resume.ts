// Finding the end of a log that is gone on with: its lines are read, what was signed about it must still be there, and what a
// crash left behind the last whole line is cut off and put on record. Anything else is refused: a writer never repairs.

import { createHash } from "node:crypto";
import { open, truncate } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { isEpochEnd, type LeafView, type LogRecord, openTree, type RecordBody, readLeaf, toHex } from "#core/log";
import { type ChainState, EMPTY_CHAIN } from "./chain.ts";
import { sha256 } from "./crypto.ts";
import { readSmall } from "./files.ts";
import { Unreadable } from "./open-file.ts";
import type { LogPlaces } from "./places.ts";
import { loadShortcut, type Mark } from "./resume-shortcut.ts";
import type { Start } from "./resume-start.ts";
import { type Line, type Scan, scanLog } from "./scan.ts";
import { segmentName } from "./segment.ts";
import type { WriterOptions } from "./writer.ts";

/** What is needed to judge a log's end. */
export interface ResumeOptions {
  readonly places: LogPlaces;
  /** How the log is called when it is refused: `the machine's ledger`. */
  readonly what: string;
  /** What a signed checkpoint states; undefined when the owner of its size did not sign it. */
  readonly openMark: (note: string) => Mark | undefined;
  /** What else is known to have been signed about it. */
  readonly marks?: readonly Mark[];
  /** Session that every line must name; absent for the ledger. */
  readonly session?: string;
  /** Sizes from which an authority let the log go on: behind a writer's last word nothing else may stand. */
  readonly reopened?: ReadonlySet<number>;
  /** Sees every leaf hash that is read, in order; then the ledger's shortcut is not taken. */
  readonly onLeaf?: (leaf: Uint8Array) => void;
  /** Begin here; refused unless something was signed behind it. */
  readonly start?: Start;
  /**
   * Where nothing counts before it is signed: how many whole records a crash may have left behind the last signed one. They were promised to
   * nobody and are cut off: signed later, they would be anybody's who can write the file. More of them are refused. Absent: they are kept.
   */
  readonly mostUnsigned?: number;
}

/** Where a log stands. */
export interface Resumed {
  readonly from: WriterOptions["from"];
  /** To be written first: what was cut off. */
  readonly recovery?: RecordBody;
  /** The last record, when it was read. */
  readonly last?: LogRecord;
}

/** Finds the log's end. Changes nothing unless it succeeds, and then only cuts a torn end. */
export async function resumeLog(options: ResumeOptions): Promise<Result<Resumed, Problem>> {
  const { places, openMark } = options;
  const marks: Mark[] = [...(options.marks ?? [])];
  for (const note of [await readSmall(join(places.dir, "checkpoint")), await readSmall(places.mark)]) {
    if (note === undefined) continue;
    const mark = openMark(note);
    if (mark === undefined) return err(damaged(options, "its checkpoint does not verify"));
    marks.push(mark);
  }
  const target = Math.max(0, ...marks.map(({ size }) => size));
  const shortcut = options.onLeaf === undefined ? await loadShortcut(places, marks) : undefined;
  const { start } = options;
  if (start !== undefined && target <= start.size)
    return err(damaged(options, "nothing that was signed follows from where its reading begins"));
  let found: Found;
  try {
    found = readToEnd(options, marks, start ?? shortcut);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    if (target === 0 && error.reason === "absent") return ok({ from: { state: EMPTY_CHAIN, sealed: 0 } });
    return err(damaged(options, `\`${error.path}\` ${error.message}`));
  }
  const { scan, roots, last, signed, strays } = found;
  if (scan.size < target) return err(damaged(options, `it holds ${scan.size} of ${target} records`));
  if (marks.some(({ size, root }) => roots.get(size) !== root)) return err(damaged(options, "records were changed"));
  if (scan.fault !== undefined && scan.fault.torn === undefined)
    return err(damaged(options, "what follows its end was not left by a crash"));
  if (strays)
    return err(damaged(options, "its writer had left it in order, and something stands behind its last word"));
  const kept = signed ?? scan;
  if (scan.size - kept.size > (options.mostUnsigned ?? 0) || scan.end.firstSeq !== kept.end.firstSeq)
    return err(damaged(options, `nobody signed its last ${scan.size - kept.size} records`));
  const state: ChainState = { size: kept.size, prev: kept.prev, frontier: kept.frontier };
  const resumed = { from: { state, sealed: target, segment: kept.end }, ...(last === undefined ? {} : { last }) };
  if (scan.fault === undefined && kept === scan) return ok(resumed);
  return ok({ ...resumed, recovery: await cutTail(places.dir, kept) });
}

interface Found {
  readonly scan: Scan;
  /** Roots at the sizes of the marks. */
  readonly roots: ReadonlyMap<number, string>;
  readonly last: LogRecord | undefined;
  /** Where the signed records end, when others follow that do not count. */
  readonly signed: Omit<Scan, "fault"> | undefined;
  /** Something follows a writer's last word that no authority began. */
  readonly strays: boolean;
}

function readToEnd(
  options: ResumeOptions,
  marks: readonly Mark[],
  from: (Omit<Scan, "fault"> & Partial<Pick<Start, "rootAt">>) | undefined,
): Found {
  const roots = new Map<number, string>();
  const wanted = new Set(marks.map(({ size }) => size));
  const counts = options.mostUnsigned === undefined ? Number.MAX_SAFE_INTEGER : Math.max(0, ...wanted);
  let last: Uint8Array | undefined;
  let done: number | undefined;
  let strays = false;
  let before: ChainState = from ?? EMPTY_CHAIN;
  let signed: Omit<Scan, "fault"> | undefined;
  if (from !== undefined) roots.set(from.size, toHex(openTree(sha256, from.frontier).root()));
  for (const size of wanted) {
    const known = from !== undefined && size < from.size ? from.rootAt?.(size) : undefined;
    if (known !== undefined) roots.set(size, known);
  }
  const scan = scanLog(options.places.dir, {
    ...(from === undefined ? {} : { from }),
    ...(options.session === undefined ? {} : { session: options.session }),
    onLine: (view, line, tree) => {
      if (wanted.has(tree.size)) roots.set(tree.size, toHex(tree.root()));
      options.onLeaf?.(line.leaf);
      strays ||= done !== undefined && options.reopened?.has(done) !== true;
      done = isLastWord(view, line) ? tree.size : undefined;
      if (tree.size === counts) before = { size: counts, prev: line.hex, frontier: tree.frontier() };
      if (tree.size === counts + 1)
        signed = { ...before, end: { firstSeq: Number(line.file.slice(4, 16)), bytes: line.offset } };
      if (tree.size > counts) return;
      last = view.type.startsWith("epoch.") ? Uint8Array.from(line.bytes()) : undefined;
    },
  });
  strays ||= done !== undefined && scan.fault !== undefined && options.reopened?.has(done) !== true;
  return { scan, roots, strays, last: last === undefined ? undefined : readLeaf(last), signed };
}

function isLastWord(view: LeafView, line: Line): boolean {
  if (!view.typeBegins("epoch.close")) return false;
  const record = readLeaf(line.bytes());
  return record !== undefined && isEpochEnd(record);
}

/**
 * Cuts what a crash left behind the last whole record (tail.ts tells it from anything else), or the last signed one where only those count. A
 * batch is acknowledged only after its sync, so this was promised to nobody; what it was stays on record as a hash.
 */
async function cutTail(dir: string, { end, size }: Pick<Scan, "end" | "size">): Promise<RecordBody> {
  const path = join(dir, "log", segmentName(end.firstSeq));
  const file = await open(path, "r");
  const hash = createHash("sha256");
  let cut = 0;
  try {
    for await (const chunk of file.createReadStream({ start: end.bytes, autoClose: false })) {
      hash.update(chunk as Buffer);
      cut += (chunk as Buffer).length;
    }
  } finally {
    await file.close();
  }
  await truncate(path, end.bytes);
  const data = { cut_bytes: cut, cut_sha256: hash.digest("hex"), last_good: size - 1 };
  return { type: "recovery", origin: "observed", data };
}

function damaged({ places, what }: ResumeOptions, why: string): Problem {
  return {
    code: "log-damaged",
    message: `${what} at \`${places.dir}\` is not what was signed: ${why}`,
    hint: `ringfence log verify ${places.dir}`,
  };
}
