// Finding the end of a log that is gone on with: its lines are read, what was signed about it must still be there, and what a
// crash left behind the last whole line is cut off and put on record. Anything else is refused: a writer never repairs.
import { createHash } from "node:crypto";
import { open, truncate } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { type LogRecord, openTree, type RecordBody, readLeaf, toHex } from "#core/log";
import { type ChainState, EMPTY_CHAIN } from "./chain.ts";
import { sha256 } from "./crypto.ts";
import { readSmall } from "./files.ts";
import { Unreadable } from "./open-file.ts";
import type { LogPlaces } from "./places.ts";
import { loadShortcut } from "./resume-shortcut.ts";
import type { Start } from "./resume-start.ts";
import { type Scan, scanLog } from "./scan.ts";
import { segmentName } from "./segment.ts";
import type { WriterOptions } from "./writer.ts";

/** A size and root that somebody signed, root in hexadecimal. */
export interface Mark {
  readonly size: number;
  readonly root: string;
}

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
  /** Sees every leaf hash that is read, in order; then the ledger's shortcut is not taken. */
  readonly onLeaf?: (leaf: Uint8Array) => void;
  /** Begin here; refused unless something was signed behind it. */
  readonly start?: Start;
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
  const shortcut = options.onLeaf === undefined ? await loadShortcut(places.resume, marks) : undefined;
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
  const { scan, roots, last } = found;
  if (scan.size < target) return err(damaged(options, `it holds ${scan.size} of ${target} records`));
  if (marks.some(({ size, root }) => roots.get(size) !== root)) return err(damaged(options, "records were changed"));
  const state: ChainState = { size: scan.size, prev: scan.prev, frontier: scan.frontier };
  const resumed = { from: { state, sealed: target, segment: scan.end }, ...(last === undefined ? {} : { last }) };
  if (scan.fault === undefined) return ok(resumed);
  if (scan.fault.torn === undefined) return err(damaged(options, "what follows its end was not left by a crash"));
  return ok({ ...resumed, recovery: await cutTail(places.dir, scan) });
}

interface Found {
  readonly scan: Scan;
  /** Roots at the sizes of the marks. */
  readonly roots: ReadonlyMap<number, string>;
  readonly last: LogRecord | undefined;
}

function readToEnd(
  options: ResumeOptions,
  marks: readonly Mark[],
  from: (Omit<Scan, "fault"> & Partial<Pick<Start, "rootAt">>) | undefined,
): Found {
  const roots = new Map<number, string>();
  const wanted = new Set(marks.map(({ size }) => size));
  let last: Uint8Array | undefined;
  if (from !== undefined) roots.set(from.size, toHex(openTree(sha256, from.frontier).root()));
  for (const size of wanted) {
    const before = from !== undefined && size < from.size ? from.rootAt?.(size) : undefined;
    if (before !== undefined) roots.set(size, before);
  }
  const scan = scanLog(options.places.dir, {
    ...(from === undefined ? {} : { from }),
    ...(options.session === undefined ? {} : { session: options.session }),
    onLine: (view, line, tree) => {
      if (wanted.has(tree.size)) roots.set(tree.size, toHex(tree.root()));
      options.onLeaf?.(line.leaf);
      last = view.type.startsWith("epoch.") ? Uint8Array.from(line.bytes()) : undefined;
    },
  });
  return { scan, roots, last: last === undefined ? undefined : readLeaf(last) };
}

/**
 * Cuts what a crash left behind the last whole record (tail.ts tells it from anything else). A batch is acknowledged only after
 * its sync, so this was promised to nobody; what it was stays on record as a hash.
 */
async function cutTail(dir: string, { end, size }: Scan): Promise<RecordBody> {
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
