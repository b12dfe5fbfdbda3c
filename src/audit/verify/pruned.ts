// What is left of a session whose records were pruned: its notes. The machine's ledger says, signed, how many records went and
// with which root; everything that was signed about the log must agree with that, and nothing may speak of more.
import { type LogVerdict, parseVerifierKey, splitNotes } from "#core/log";
import { sha256 } from "../crypto.ts";
import { Unreadable } from "../open-file.ts";
import { Finding, tampered, verdictOf } from "./finding.ts";
import { seenFiles } from "./remembered.ts";
import type { LedgerWord, LogReport, PrunedWord, VerifyOptions } from "./report.ts";
import { findSigners, type Signers, sameKey } from "./signers.ts";
import { openStatement, ownStatements, type Statement } from "./statements.ts";
import { textOf } from "./texts.ts";

/** A session whose lines are gone, and the ledger's word that they should be. */
export interface PrunedLog {
  readonly dir: string;
  readonly word: LedgerWord & { readonly pruned: PrunedWord };
}

/** Judges the rest of a pruned session. Never throws for anything the folder holds. */
export function verifyPruned({ dir, word }: PrunedLog, options: VerifyOptions): LogReport {
  const { pruned } = word;
  const report = {
    ...{ dir, name: word.session, records: 0, sealed: 0, root: pruned.root },
    ...{ closed: word.closed !== undefined, ended: true, freshness: "unproven" as const },
    notes: [
      `pruned: its ${pruned.size} records were removed on ${pruned.ts} (${pruned.reason}), as entry ${pruned.entry} of the ledger says`,
    ],
  };
  try {
    const signers = findSigners(dir, options);
    judgeKeys(signers, word, options);
    const statements = ownStatements(dir, signers, textOf(dir, "checkpoint"));
    const { mark, anchor } = options.remembered ?? {};
    if (typeof mark === "string")
      statements.push(openStatement(signers, mark, { file: "high-water mark", source: "high-water mark" }));
    for (const file of seenFiles(dir))
      statements.push(openStatement(signers, textOf(dir, file), { file, source: "checkpoint" }));
    for (const statement of statements) judge(statement, pruned);
    expectClosedSo(word);
    const anchored = anchor === undefined ? undefined : judgeAnchor(signers, anchor, { pruned, statements });
    return {
      ...report,
      ...{ verdict: { word: "OK" }, signedBy: signers.trusted.name, epochs: signers.epochs.length },
      freshness: anchored === true ? "anchored" : "unproven",
      notes:
        anchored === false ? [...report.notes, "no root is left that the anchor could be compared with"] : report.notes,
    };
  } catch (error) {
    return { ...report, verdict: wordFor(error), epochs: 0 };
  }
}

function wordFor(error: unknown): LogVerdict {
  if (error instanceof Finding) return error.verdict;
  if (error instanceof Unreadable) return verdictOf(error);
  throw error;
}

/** The session's key is the one that the ledger heard of, certified by a machine key of its time. */
function judgeKeys({ session, epochs, certifiedBy }: Signers, word: LedgerWord, { machine }: VerifyOptions): void {
  const genesis = epochs[0]?.key;
  const known = parseVerifierKey(sha256, word.key);
  if (session !== word.session || genesis === undefined || known === undefined || !sameKey(genesis, known))
    throw tampered("fork", { seq: 0, file: "certificate" });
  const owner = machine?.findLast(({ from }) => from < word.entry + 1);
  if (owner !== undefined && (certifiedBy ?? 0) > owner.epoch) throw tampered("epoch", { seq: 0, file: "certificate" });
}

function judge({ size, root, owned, file, source }: Statement, pruned: PrunedWord): void {
  if (size > pruned.size) throw new Finding({ word: "TRUNCATED", have: pruned.size, want: size, source });
  const seq = Math.max(0, size - 1);
  if (!owned) throw tampered("epoch", { seq, file });
  if (size === pruned.size && root !== pruned.root) throw tampered("root", { seq, file });
}

/** Whoever pruned cannot have pruned another log than the one that was closed. */
function expectClosedSo({ closed, pruned }: PrunedLog["word"]): void {
  if (closed === undefined || (closed.size === pruned.size && closed.root === pruned.root)) return;
  throw new Finding({ word: "TRUNCATED", have: pruned.size, want: closed.size, source: "ledger" });
}

/** True when a kept checkpoint agrees with a root that is left, false when none is of such a size. */
function judgeAnchor(
  signers: Signers,
  anchor: string,
  left: { readonly pruned: PrunedWord; readonly statements: readonly Statement[] },
): boolean {
  const agreed = splitNotes(anchor).map((note) => {
    const statement = openStatement(signers, note, { file: "anchor", source: "anchor" });
    judge(statement, left.pruned);
    const same = left.statements.find(({ size }) => size === statement.size);
    if (same === undefined) return statement.size === left.pruned.size;
    if (same.root !== statement.root) throw tampered("fork", { seq: Math.max(0, statement.size - 1), file: "anchor" });
    return true;
  });
  return agreed.includes(true);
}
