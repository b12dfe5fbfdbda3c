// Removing old sessions' records: first the machine's ledger says so, signed and durable, then they go; what was signed about them
// stays, so that everybody can see what is missing, since when, and that it was not hidden. Never a session that runs, never one
// that does not hold (it is evidence), never the ledger.
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { exitOf, type VerifierKey, verdictText } from "#core/log";
import { sizeBelow } from "./du.ts";
import { syncFolder } from "./files.ts";
import { appendToLedger, type LedgerOptions } from "./ledger.ts";
import { type Lock, tryLock } from "./lock.ts";
import { type LedgerEntry, verifyLedger, verifySession } from "./machine.ts";
import { Unreadable } from "./open-file.ts";
import { sessionPlaces } from "./places.ts";
import { systemProblem } from "./problem.ts";
import { searchLogBackwards } from "./search.ts";

/** What of a session goes; its notes stay. */
const PARTS = ["log", "tile", "blobs", "vault"] as const;

/** A session that may go. */
export interface Prunable {
  readonly session: string;
  readonly workspace: string;
  /** Time of its last record. */
  readonly ended: string;
  readonly bytes: number;
  /** True when the ledger has said so already, and a crash came before the rest. */
  readonly isOnRecord: boolean;
}

/** A session that is old enough and stays. */
export interface Kept {
  readonly session: string;
  readonly why: string;
}

/** Sessions whose last record is older than `before` (milliseconds since 1970). Fails when the ledger does not hold. */
export async function findPrunable(
  stateDir: string,
  options: { readonly keys: readonly VerifierKey[]; readonly before: number },
): Promise<Result<readonly Prunable[], Problem>> {
  const ledger = await verifyLedger(stateDir, { keys: options.keys });
  const { verdict } = ledger.report;
  if (exitOf(verdict) !== 0) return err(ledgerDamaged(verdictText(verdict)));
  return ok(
    ledger.entries.flatMap((entry): Prunable[] => {
      const { session, workspace, pruned } = entry;
      const { dir } = sessionPlaces(stateDir, session);
      const left = pruned === undefined ? [] : partsOf(dir);
      const bytes = PARTS.reduce((sum, part) => sum + sizeBelow(join(dir, part)), 0);
      if (pruned !== undefined)
        return left.length > 0 ? [{ session, workspace, ended: pruned.ts, bytes, isOnRecord: true }] : [];
      const ended = lastTime(dir);
      const isOld = ended !== undefined && Date.parse(ended) < options.before;
      return isOld ? [{ session, workspace, ended, bytes, isOnRecord: false }] : [];
    }),
  );
}

/** Prunes one session. A `Kept` says why it was left; fails when the ledger or the disk does not take it. */
export async function pruneSession(
  options: LedgerOptions & { readonly keys: readonly VerifierKey[]; readonly reason: string; readonly before: number },
  session: string,
): Promise<Result<Kept | undefined, Problem>> {
  const { stateDir, keys } = options;
  const { dir } = sessionPlaces(stateDir, session);
  let lock: Lock | undefined;
  try {
    lock = await tryLock(dir);
    if (lock === undefined) return ok({ session, why: "it runs" });
    // Under the lock everything is looked at again: what was found a while ago may have changed.
    const { report, entries, machine } = await verifyLedger(stateDir, { keys });
    if (exitOf(report.verdict) !== 0) return err(ledgerDamaged(verdictText(report.verdict)));
    const entry = entries.find((each) => each.session === session);
    if (entry === undefined) return ok({ session, why: "the ledger does not know it" });
    if (entry.pruned === undefined) {
      const trust = { keys, ...(machine === undefined ? {} : { machine }) };
      const kept = await record(options, entry, trust);
      if (!kept.ok || kept.value !== undefined) return kept;
    }
    await removeParts(dir);
    return ok(undefined);
  } catch (error) {
    return err(systemProblem("log-failed", error, dir));
  } finally {
    await lock?.release();
  }
}

async function record(
  options: LedgerOptions & { readonly reason: string; readonly before: number },
  entry: LedgerEntry,
  trust: Parameters<typeof verifySession>[2],
): Promise<Result<Kept | undefined, Problem>> {
  const { session } = entry;
  const { stateDir, reason } = options;
  const { dir } = sessionPlaces(stateDir, session);
  const report = await verifySession(stateDir, entry, trust);
  if (exitOf(report.verdict) !== 0 || report.root === undefined)
    return ok({ session, why: `it does not hold, so it is evidence: ${verdictText(report.verdict)}` });
  const ended = lastTime(dir);
  if (ended === undefined || Date.parse(ended) >= options.before) return ok({ session, why: "it is younger" });
  const bytes = PARTS.reduce((sum, part) => sum + sizeBelow(join(dir, part)), 0);
  const data = { from: 0, to: report.records, size: report.records, root: report.root, bytes, ended, reason };
  const told = await appendToLedger(options, session, [{ type: "prune", origin: "observed", data }]);
  return told.ok ? ok(undefined) : told;
}

/** First out of the way, in one step each, so that no reader sees half of a log; then gone. */
async function removeParts(dir: string): Promise<void> {
  for (const part of PARTS) {
    const aside = join(dir, `.tmp-pruned-${part}`);
    rmSync(aside, { recursive: true, force: true });
    if (existsSync(join(dir, part))) renameSync(join(dir, part), aside);
  }
  await syncFolder(dir);
  for (const part of PARTS) rmSync(join(dir, `.tmp-pruned-${part}`), { recursive: true, force: true });
  await syncFolder(dir);
}

function partsOf(dir: string): readonly string[] {
  return PARTS.flatMap((part) => [part, `.tmp-pruned-${part}`]).filter((name) => existsSync(join(dir, name)));
}

/** Time of the last record; undefined when there is none to be read. */
function lastTime(dir: string): string | undefined {
  try {
    for (const { record } of searchLogBackwards(dir)) return record?.ts;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
  return undefined;
}

function ledgerDamaged(verdict: string): Problem {
  return {
    code: "log-damaged",
    message: `the machine's ledger does not hold (${verdict}): nothing is pruned before that is explained`,
    hint: "ringfence log verify ledger",
  };
}
