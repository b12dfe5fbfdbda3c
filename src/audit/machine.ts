// Checking everything this machine remembers: the ledger first, then each session it knows, then folders it does not know.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { LogRecord, VerifierKey } from "#core/log";
import { readSmall } from "./files.ts";
import { LEDGER, ledgerPlaces, sessionPlaces } from "./places.ts";
import { readLog } from "./read.ts";
import { Unreadable } from "./scan.ts";
import type { LedgerWord, LogReport, Remembered } from "./verify/report.ts";
import { verifyLog } from "./verify/verify.ts";

/** A session as the ledger knows it. */
export interface LedgerEntry extends LedgerWord {
  readonly opened: string;
  readonly workspace: string;
}

/** The ledger's report and the sessions it names, in their order, as far as it could be read. */
export interface LedgerReport {
  readonly report: LogReport;
  readonly entries: readonly LedgerEntry[];
}

/** Verifies the ledger of a machine. */
export async function verifyLedger(stateDir: string, keys: readonly VerifierKey[]): Promise<LedgerReport> {
  const places = ledgerPlaces(stateDir);
  const entries = new Map<string, LedgerEntry>();
  const mark = await markOf(places.mark);
  const onRecord = (record: LogRecord): void => learn(entries, record);
  const report = verifyLog(places.dir, { keys, remembered: { mark }, onRecord });
  return { report: { ...report, name: LEDGER }, entries: [...entries.values()] };
}

/** Verifies one session's log with what the ledger and its high-water mark remember of it. */
export async function verifySession(
  stateDir: string,
  entry: LedgerEntry,
  options: { readonly keys: readonly VerifierKey[]; readonly anchor?: string },
): Promise<LogReport> {
  const places = sessionPlaces(stateDir, entry.session);
  const mark = await markOf(places.mark);
  if (!existsSync(places.dir)) return deleted(places.dir, entry);
  const remembered: Remembered = {
    ledger: entry,
    mark,
    ...(options.anchor === undefined ? {} : { anchor: options.anchor }),
  };
  return { ...verifyLog(places.dir, { keys: options.keys, remembered }), name: entry.session };
}

/** Verifies the ledger and every session: those it knows, and folders it does not know. */
export async function verifyMachine(stateDir: string, keys: readonly VerifierKey[]): Promise<readonly LogReport[]> {
  const { report, entries } = await verifyLedger(stateDir, keys);
  const reports: LogReport[] = [report];
  for (const entry of entries) reports.push(await verifySession(stateDir, entry, { keys }));
  const known = new Set(entries.map(({ session }) => session));
  for (const session of sessionFolders(stateDir)) {
    if (known.has(session)) continue;
    reports.push(orphan(verifyLog(sessionPlaces(stateDir, session).dir, { keys }), session));
  }
  return reports;
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

async function markOf(path: string): Promise<string | null> {
  return (await readSmall(path)) ?? null;
}

function learn(entries: Map<string, LedgerEntry>, record: LogRecord): void {
  const { session, type, data, ts } = record;
  if (type === "session.open" && !entries.has(session)) {
    const [key, first, workspace] = [String(data["key"]), String(data["first"]), String(data["workspace"])];
    entries.set(session, { session, entry: record.seq, opened: ts, workspace, key, first });
  }
  const entry = entries.get(session);
  // The first close counts: what the session's own supervisor said.
  if (type !== "session.close" || entry === undefined || entry.closed !== undefined) return;
  entries.set(session, { ...entry, closed: { size: Number(data["size"]), root: String(data["root"]) } });
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
    freshness: "unproven",
    notes: ["the whole log is gone"],
  };
}

/** A folder that the ledger does not know is nothing only while it holds nothing but its opening. */
function orphan(report: LogReport, session: string): LogReport {
  const named = { ...report, name: session };
  const { word } = report.verdict;
  const begun = word === "OK" || word === "OK_UNSEALED_TAIL" || word === "INCOMPLETE";
  if (begun && report.records <= 1)
    return { ...named, verdict: { word: "OK" }, notes: ["never started: cut off before the ledger knew it"] };
  if (report.verdict.word !== "OK" && report.verdict.word !== "OK_UNSEALED_TAIL") return named;
  return { ...named, verdict: { word: "INCOMPLETE", what: "the ledger does not know this session" } };
}
