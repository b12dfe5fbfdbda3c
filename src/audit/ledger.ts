// The machine's ledger: a log like any other, signed by the machine key, that knows which sessions exist, under which key each
// began and how long it was when it closed. Many processes append to it, one at a time, each append sealed before it counts.
import { createHash } from "node:crypto";
import { rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { type Append, fromHex, type NoteSigner, openCheckpoint, openTree, type RecordBody, toHex } from "#core/log";
import { type ChainState, EMPTY_CHAIN } from "./chain.ts";
import { type LogClock, systemClock } from "./clock.ts";
import { sha256, verifyEd25519 } from "./crypto.ts";
import { privateFolder, publishFile, readSmall } from "./files.ts";
import { machineSigner } from "./keys.ts";
import { waitForLock } from "./lock.ts";
import { LEDGER, ledgerPlaces } from "./places.ts";
import { LogError, systemProblem } from "./problem.ts";
import { type Scan, scanLog, Unreadable } from "./scan.ts";
import { type LogIo, segmentName, systemIo } from "./segment.ts";
import { openWriter, type WriterOptions } from "./writer.ts";

/** How long one process waits for others that append. */
const PATIENCE_MS = 15_000;

/** The ledger never grows past this by itself; a million sessions fit. */
const MAX_BYTES = 2 ** 40;

/** What an append to the ledger needs. */
export interface LedgerOptions {
  readonly stateDir: string;
  readonly clock?: LogClock;
  readonly io?: LogIo;
}

/**
 * Appends records to the ledger under its lock and seals them. Resolves with the number of the last one once everything,
 * checkpoint included, is durable. Fails, and writes nothing, when the ledger on disk is not what its checkpoint says.
 */
export async function appendToLedger(
  options: LedgerOptions,
  session: string,
  bodies: readonly RecordBody[],
): Promise<Result<number, Problem>> {
  const signer = await machineSigner(options.stateDir);
  if (!signer.ok) return signer;
  const places = ledgerPlaces(options.stateDir);
  try {
    await privateFolder(join(places.dir, "log"));
    await privateFolder(join(places.dir, "checkpoints"));
    await privateFolder(join(places.mark, ".."));
    await privateFolder(join(places.resume, ".."));
    const lock = await waitForLock(places.dir, PATIENCE_MS);
    if (lock === undefined) return err(busy(places.dir));
    try {
      return await appendLocked({ ...options, signer: signer.value }, session, bodies);
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (error instanceof LogError) return err(error.problem);
    return err(systemProblem("log-failed", error, places.dir));
  }
}

/** An `Append` that writes to the ledger: for what is done to a session after its own log was closed (review, apply). */
export function ledgerAppend(options: LedgerOptions, session: string): Append {
  return async (body) => {
    const appended = await appendToLedger(options, session, [body]);
    if (!appended.ok) throw new LogError(appended.error);
    return appended.value;
  };
}

type Keyed = LedgerOptions & { readonly signer: NoteSigner };

async function appendLocked(
  options: Keyed,
  session: string,
  bodies: readonly RecordBody[],
): Promise<Result<number, Problem>> {
  const places = ledgerPlaces(options.stateDir);
  const resumed = await resume(options);
  if (!resumed.ok) return resumed;
  const { from, recovery } = resumed.value;
  const writer = await openWriter({
    dir: places.dir,
    mark: places.mark,
    origin: options.signer.key.name,
    signer: options.signer,
    clock: options.clock ?? systemClock,
    io: options.io ?? systemIo,
    tiles: false,
    maxBytes: MAX_BYTES,
    from,
    freeReserve: () => rm(places.reserve, { force: true }),
  });
  try {
    if (recovery !== undefined) await writer.append(LEDGER, recovery);
    const seqs = await Promise.all(bodies.map((body) => writer.append(session, body)));
    await writer.seal();
    await saveResume(places.resume, { state: writer.state, ...writer.segment });
    return ok(seqs.at(-1) ?? writer.state.size - 1);
  } finally {
    await writer.end();
  }
}

interface Resumed {
  readonly from: WriterOptions["from"];
  readonly recovery?: RecordBody;
}

/** Finds the ledger's end, cuts what a crash left behind it, and refuses a ledger shorter than anything signed about it. */
async function resume(options: Keyed): Promise<Result<Resumed, Problem>> {
  const places = ledgerPlaces(options.stateDir);
  const known = [await readSmall(join(places.dir, "checkpoint")), await readSmall(places.mark)];
  const sealed = known.map((note) => sealedState(note, options.signer));
  if (sealed.includes("damaged")) return err(damaged(places.dir, "its checkpoint does not verify"));
  const marks = sealed.filter((mark) => typeof mark === "object");
  const target = Math.max(0, ...marks.map((mark) => mark.size));
  const shortcut = await loadResume(places.resume, marks);
  let scan: Scan;
  const roots = new Map<number, string>();
  const wanted = new Set(marks.map((mark) => mark.size));
  try {
    scan = scanLog(places.dir, {
      ...(shortcut === undefined ? {} : { from: shortcut }),
      onLine: (_view, _line, tree) => {
        if (wanted.has(tree.size)) roots.set(tree.size, toHex(tree.root()));
      },
    });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    if (target === 0 && error.reason === "absent") return ok({ from: { state: EMPTY_CHAIN, sealed: 0 } });
    return err(damaged(places.dir, `\`${error.path}\` ${error.message}`));
  }
  if (shortcut !== undefined) roots.set(shortcut.size, toHex(openTree(sha256, shortcut.frontier).root()));
  if (scan.size < target) return err(damaged(places.dir, `it holds ${scan.size} of ${target} records`));
  if (marks.some((mark) => roots.get(mark.size) !== mark.root)) return err(damaged(places.dir, "records were changed"));
  const state: ChainState = { size: scan.size, prev: scan.prev, frontier: scan.frontier };
  const from = { state, sealed: target, segment: scan.end };
  if (scan.fault === undefined) return ok({ from });
  return ok({ from, recovery: await cutTail(places.dir, scan) });
}

type Mark = { readonly size: number; readonly root: string };

function sealedState(note: string | undefined, signer: NoteSigner): Mark | "none" | "damaged" {
  if (note === undefined) return "none";
  const opened = openCheckpoint(note, [signer.key], verifyEd25519);
  if (!opened.ok || opened.checkpoint.origin !== signer.key.name) return "damaged";
  return { size: opened.checkpoint.size, root: toHex(opened.checkpoint.root) };
}

/** Cuts what stands behind the last whole record. Nobody was told about it: an append counts only once it is sealed. */
async function cutTail(dir: string, scan: Scan): Promise<RecordBody> {
  const file = join(dir, "log", segmentName(scan.end.firstSeq));
  const { readFile } = await import("node:fs/promises");
  const cut = (await readFile(file)).subarray(scan.end.bytes);
  await truncate(file, scan.end.bytes);
  return {
    type: "recovery",
    origin: "observed",
    data: {
      cut_bytes: cut.length,
      cut_sha256: createHash("sha256").update(cut).digest("hex"),
      last_good: scan.size - 1,
    },
  };
}

async function saveResume(path: string, at: { state: ChainState; firstSeq: number; bytes: number }): Promise<void> {
  const { size, prev, frontier } = at.state;
  const json = { size, prev, frontier: frontier.hashes.map(toHex), firstSeq: at.firstSeq, bytes: at.bytes };
  await publishFile(path, `${JSON.stringify(json)}\n`);
}

/** The shortcut, when its root is what a signed checkpoint says; otherwise the ledger is read from the start. */
async function loadResume(path: string, marks: readonly Mark[]): Promise<Omit<Scan, "fault"> | undefined> {
  const text = await readSmall(path);
  if (text === undefined) return undefined;
  try {
    const json = JSON.parse(text) as { [key: string]: unknown };
    const { size, prev, frontier, firstSeq, bytes } = json;
    if (!Array.isArray(frontier) || typeof prev !== "string" || fromHex(prev)?.length !== 32) return undefined;
    const hashes = frontier.map((hash) => fromHex(String(hash)) ?? new Uint8Array(0));
    if (!isCount(size) || !isCount(firstSeq) || !isCount(bytes)) return undefined;
    const root = toHex(openTree(sha256, { size, hashes }).root());
    if (!marks.some((mark) => mark.size === size && mark.root === root)) return undefined;
    return { size, prev, frontier: { size, hashes }, end: { firstSeq, bytes } };
  } catch {
    // Derived data: the ledger itself is read instead.
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function damaged(dir: string, why: string): Problem {
  return {
    code: "log-damaged",
    message: `the machine's ledger at \`${dir}\` is not what was signed: ${why}`,
    hint: "ringfence log verify",
  };
}

function busy(dir: string): Problem {
  return { code: "log-busy", message: `another process holds the ledger at \`${dir}\``, hint: "try again" };
}
