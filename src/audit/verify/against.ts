// Two copies of one log, kept in two places: one must be a beginning of the other. Where they part, two readers were told two
// stories, and the first record that differs says from where on.
import { exitOf, type LogVerdict, type VerifierKey, verdictText } from "#core/log";
import { Unreadable } from "../open-file.ts";
import { type Line, LineReader } from "../scan.ts";
import { verdictOf } from "./finding.ts";
import { readInParallel } from "./parallel.ts";
import type { LogReport } from "./report.ts";
import { verifyLogInParallel } from "./verify.ts";

/**
 * A report after the comparison of its log with another copy. A log that does not hold by itself keeps its own verdict; one
 * that holds is anchored by a copy that holds, too.
 */
export async function compareCopies(
  report: LogReport,
  other: string,
  keys: readonly VerifierKey[],
): Promise<LogReport> {
  if (exitOf(report.verdict) !== 0) return report;
  const theirs = await verifyLogInParallel(other, { keys });
  const holds = exitOf(theirs.verdict) === 0;
  const said = holds ? [] : [`the other copy does not hold by itself: ${verdictText(theirs.verdict)}`];
  const answer = (verdict: LogVerdict): LogReport => ({ ...report, notes: [...report.notes, ...said], verdict });
  if (holds && (theirs.name !== report.name || theirs.signedBy !== report.signedBy))
    return answer({ word: "INCOMPLETE", what: `another copy of this log: ${other} is the log ${theirs.name}` });
  const parted = await compare(report.dir, other);
  // Nothing in common, and nobody to believe: whatever that folder is, it is no memory of this log.
  const unknown = !holds && (parted?.word !== "TAMPERED" || parted.seq === 0);
  if (unknown) return answer({ word: "INCOMPLETE", what: `another copy that holds: ${other}` });
  if (parted !== undefined) return answer(parted);
  return { ...report, freshness: theirs.sealed > 0 ? "anchored" : report.freshness };
}

async function compare(dir: string, other: string): Promise<LogVerdict | undefined> {
  try {
    const mine = await readInParallel(dir, undefined);
    const theirs = await readInParallel(other, undefined);
    const [have, want] = [mine.at.size, theirs.at.size];
    const common = Math.min(have, want);
    const seq = mine.leaves.firstDifference(theirs.leaves, common);
    if (seq < common) return { word: "TAMPERED", kind: "fork", seq, ...placeOf(dir, seq) };
    return have < want ? { word: "TRUNCATED", have, want, source: "against" } : undefined;
  } catch (error) {
    if (error instanceof Unreadable)
      return verdictOf(new Unreadable(`${other}: ${error.path}`, error.reason, error.message));
    throw error;
  }
}

/** Where a record of a log that can be read stands. */
function placeOf(dir: string, seq: number): { readonly file: string; readonly offset?: number } {
  let place: { file: string; offset?: number } = { file: "log" };
  const onLine = (view: { readonly seq: number }, { file, offset }: Line): void => {
    if (view.seq === seq) place = { file, offset };
  };
  new LineReader(dir, { onLine }).readAll();
  return place;
}
