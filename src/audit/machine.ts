// Checking everything this machine remembers: the ledger first, then each session it knows, then folders it does not know.
import { existsSync, readdirSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import {
  type Epoch,
  type Json,
  type LogRecord,
  parseCheckpoint,
  splitNote,
  splitNotes,
  type VerifierKey,
} from "#core/log";
import { filesIn } from "./derived.ts";
import { readSmall } from "./files.ts";
import { Unreadable } from "./open-file.ts";
import { LEDGER, ledgerPlaces, outsidePlaces, sessionPlaces } from "./places.ts";
import { readLog } from "./read.ts";
import { Finding } from "./verify/finding.ts";
import { verifyPruned } from "./verify/pruned.ts";
import { readRecords } from "./verify/records.ts";
import { isEmptied } from "./verify/remembered.ts";
import type { LedgerWord, LogReport, RedactionWord, Remembered, VerifyOptions } from "./verify/report.ts";
import { findSigners } from "./verify/signers.ts";
import { textIfAny } from "./verify/texts.ts";
import { verifyLogInParallel } from "./verify/verify.ts";

/** A session as the ledger knows it. */
export interface LedgerEntry extends LedgerWord {
  readonly opened: string;
  readonly workspace: string;
}

/** The ledger's report and the sessions it names, in their order, as far as it could be read. */
export interface LedgerReport {
  readonly report: LogReport;
  readonly entries: readonly LedgerEntry[];
  /** The machine's epochs, as far as the notes in the ledger lead; absent where they are not to be believed. */
  readonly machine?: readonly Epoch[];
}

/** Who is trusted, and what a person remembers. */
export interface MachineOptions {
  readonly keys: readonly VerifierKey[];
  /** Witnesses whose cosignatures under a kept checkpoint are believed. */
  readonly witnesses?: readonly VerifierKey[];
  /** Text of kept checkpoints, of whichever logs. */
  readonly anchor?: string;
}

/** Verifies the ledger of a machine. */
export async function verifyLedger(stateDir: string, options: MachineOptions): Promise<LedgerReport> {
  const { anchor, ...trust } = options;
  const { keys } = trust;
  const places = ledgerPlaces(stateDir);
  const entries = new Map<string, LedgerEntry>();
  const mark = await markOf(places.mark);
  const onRecord = (record: LogRecord): void => learn(entries, record);
  const remembered = { mark, ...(anchor === undefined ? {} : { anchor }) };
  const report = await verifyLogInParallel(places.dir, { ...trust, remembered, onRecord });
  const machine = ledgerEpochs(places.dir, keys);
  return {
    report: { ...report, name: LEDGER },
    entries: [...entries.values()],
    ...(machine === undefined ? {} : { machine }),
  };
}

function ledgerEpochs(dir: string, keys: readonly VerifierKey[]): readonly Epoch[] | undefined {
  try {
    return findSigners(dir, { keys }).epochs;
  } catch (error) {
    if (error instanceof Finding || error instanceof Unreadable) return undefined;
    throw error;
  }
}

/** Verifies one session's log with what the ledger and its high-water mark remember of it. */
export async function verifySession(
  stateDir: string,
  entry: LedgerEntry,
  options: Omit<VerifyOptions, "remembered" | "onRecord"> & { readonly anchor?: string },
): Promise<LogReport> {
  const { anchor, ...trust } = options;
  const places = sessionPlaces(stateDir, entry.session);
  const mark = await markOf(places.mark);
  const { pruned } = entry;
  if (pruned === undefined && isEmptied(places.dir)) return deleted(places.dir, entry);
  const remembered: Remembered = { ledger: entry, mark, ...(anchor === undefined ? {} : { anchor }) };
  // The ledger's word comes before the records go, so they may be there still; then they are judged as ever.
  if (pruned !== undefined && !existsSync(join(places.dir, "log")))
    return verifyPruned({ dir: places.dir, word: { ...entry, pruned } }, { ...trust, remembered });
  return { ...(await verifyLogInParallel(places.dir, { ...trust, remembered })), name: entry.session };
}

/** Verifies the ledger and every session: those it knows, and folders it does not know. Anchors are given to the logs they are of. */
export async function verifyMachine(stateDir: string, options: MachineOptions): Promise<readonly LogReport[]> {
  const { anchor, ...own } = options;
  const { keys } = own;
  const anchors = new AnchorBox(anchor ?? "");
  const machine = keys[0]?.name ?? "";
  const ledger = await verifyLedger(stateDir, { ...own, ...anchors.take(machine) });
  const trust = { ...own, ...(ledger.machine === undefined ? {} : { machine: ledger.machine }) };
  const reports: LogReport[] = [ledger.report];
  for (const entry of ledger.entries)
    reports.push(await verifySession(stateDir, entry, { ...trust, ...anchors.take(`${machine}/${entry.session}`) }));
  const known = new Set(ledger.entries.map(({ session }) => session));
  for (const session of sessionFolders(stateDir).filter((name) => !known.has(name))) {
    const remembered = anchors.take(`${machine}/${session}`);
    reports.push(
      orphan(await verifyLogInParallel(sessionPlaces(stateDir, session).dir, { ...trust, remembered }), session),
    );
  }
  return [...reports, ...anchors.left().map((origin) => forgotten(stateDir, origin))];
}

/** What a folder somewhere else is remembered by on this machine, when `log append` wrote it here. */
export async function outsideMark(stateDir: string, dir: string): Promise<string | undefined> {
  return (await markOf(outsidePlaces(stateDir, await realpath(dir)).mark)) ?? undefined;
}

/** Kept checkpoints by the log they are of. */
class AnchorBox {
  readonly #byOrigin = new Map<string, string>();

  constructor(text: string) {
    for (const note of splitNotes(text)) {
      const origin = note.split("\n", 1)[0] ?? "";
      this.#byOrigin.set(origin, (this.#byOrigin.get(origin) ?? "") + note);
    }
  }

  take(origin: string): { readonly anchor?: string } {
    const anchor = this.#byOrigin.get(origin);
    this.#byOrigin.delete(origin);
    return anchor === undefined ? {} : { anchor };
  }

  left(): readonly string[] {
    return [...this.#byOrigin.keys()];
  }
}

/** An anchor of a log that is nowhere here. */
function forgotten(stateDir: string, origin: string): LogReport {
  return {
    dir: stateDir,
    name: origin,
    verdict: { word: "INCOMPLETE", what: "the log that an anchor was taken of" },
    records: 0,
    sealed: 0,
    epochs: 0,
    closed: false,
    ended: false,
    freshness: "unproven",
    notes: [],
  };
}

/** The sessions a ledger names, read without judging it: for finding one's way, not for trusting it. Empty when it cannot be read. */
export function ledgerEntries(stateDir: string): readonly LedgerEntry[] {
  const entries = new Map<string, LedgerEntry>();
  try {
    for (const { record } of readLog(ledgerPlaces(stateDir).dir)) if (record !== undefined) learn(entries, record);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
  return [...entries.values()];
}

/** Names of the session folders on disk. */
export function sessionFolders(stateDir: string): readonly string[] {
  try {
    return readdirSync(join(stateDir, "log", "sessions")).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new Unreadable("sessions", "system", String(error));
  }
}

/** What is no text in the mark's place is a mark that nobody signed. */
async function markOf(path: string): Promise<string | null> {
  try {
    return (await readSmall(path)) ?? null;
  } catch (error) {
    if (error instanceof Error && "code" in error && /^(?:EFTYPE|ELOOP|ENXIO|EFBIG|ENOTDIR)$/.test(String(error.code)))
      return "";
    throw error;
  }
}

function learn(entries: Map<string, LedgerEntry>, record: LogRecord): void {
  const { session, type, data, ts, origin } = record;
  if (type === "session.open" && !entries.has(session)) {
    const [key, first, workspace] = [String(data["key"]), String(data["first"]), String(data["workspace"])];
    entries.set(session, { session, entry: record.seq, opened: ts, workspace, key, first });
  }
  const entry = entries.get(session);
  // A ledger that grows is read again.
  const heard = entry?.redactions?.some((word) => word.entry === record.seq) === true;
  if (type === "redaction" && origin === "observed" && entry !== undefined && !heard)
    entries.set(session, { ...entry, redactions: [...(entry.redactions ?? []), redactionWord(record)] });
  if (type === "prune" && origin === "observed" && entry !== undefined && entry.pruned === undefined)
    entries.set(session, { ...entry, ...prunedWord(record) });
  // The first close counts: what the session's own supervisor said.
  if (type !== "session.close" || entry === undefined || entry.closed !== undefined) return;
  entries.set(session, { ...entry, closed: { size: Number(data["size"]), root: String(data["root"]) } });
}

/** A removal that is not of the whole log is none that this version makes. */
function redactionWord({ seq, ts, data }: LogRecord): RedactionWord {
  const texts = (value: Json | undefined): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
  const [paths, blobs] = [texts(data["paths"]), texts(data["blobs"])];
  return { entry: seq, ts, seq: Number(data["seq"]), paths, blobs, reason: String(data["reason"]) };
}

function prunedWord({ seq, ts, data }: LogRecord): Pick<LedgerWord, "pruned"> {
  const [from, size, root] = [data["from"], Number(data["to"]), String(data["root"])];
  if (from !== 0 || !Number.isSafeInteger(size) || size < 1 || !/^[0-9a-f]{64}$/.test(root)) return {};
  return { pruned: { entry: seq, ts, size, root, reason: String(data["reason"]) } };
}

function deleted(dir: string, entry: LedgerEntry): LogReport {
  const want = entry.closed?.size ?? 1;
  return {
    dir,
    name: entry.session,
    verdict: { word: "TRUNCATED", have: 0, want, source: "ledger" },
    records: 0,
    sealed: 0,
    epochs: 0,
    closed: entry.closed !== undefined,
    ended: entry.closed !== undefined,
    freshness: "unproven",
    notes: ["the whole log is gone"],
  };
}

/** True when the folder holds or speaks of more than an opening, or of something else, whoever signed it. */
function holdsMore(dir: string): boolean {
  try {
    const size = parseCheckpoint(splitNote(textIfAny(dir, "checkpoint") ?? "")?.text ?? "")?.size ?? 0;
    if (size > 1 || filesIn(dir, "checkpoints").some((name) => name !== "checkpoints/1")) return true;
    const { at, fault } = readRecords(dir, undefined);
    return at.size > 1 || (fault !== undefined && fault.torn === undefined);
  } catch (error) {
    if (error instanceof Unreadable && error.reason === "absent") return false;
    if (error instanceof Finding || error instanceof Unreadable) return true;
    throw error;
  }
}

/** A folder that the ledger does not know is nothing only while it holds nothing but its opening, and nobody signed that there was more. */
function orphan(report: LogReport, session: string): LogReport {
  const named = { ...report, name: session };
  const { word } = report.verdict;
  const begun = word === "OK" || word === "OK_UNSEALED_TAIL" || word === "INCOMPLETE";
  if (begun && report.records <= 1 && !holdsMore(report.dir))
    return { ...named, verdict: { word: "OK" }, notes: ["never started: cut off before the ledger knew it"] };
  if (report.verdict.word !== "OK" && report.verdict.word !== "OK_UNSEALED_TAIL") return named;
  return { ...named, verdict: { word: "INCOMPLETE", what: "the ledger does not know this session" } };
}
