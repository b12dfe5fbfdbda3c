// Checking one log with nothing but its folder and a public key.
import { exitOf } from "#core/log";
import { type Begun, Check } from "./check.ts";
import { readInParallel } from "./parallel.ts";
import { type Records, readRecords } from "./records.ts";
import type { LogReport, VerifyOptions } from "./report.ts";

/** A writer that is at work may end an epoch, or the session, between two of our reads: then the next look decides. */
const ATTEMPTS = 4;

/** Verifies the log in `dir`. Never throws for anything the folder holds. */
export function verifyLog(dir: string, options: VerifyOptions): LogReport {
  const looks: LogReport[] = [];
  for (;;) {
    const check = new Check(dir, options);
    const begun = check.begin();
    if (begun !== undefined) check.finish(begun, () => readRecords(dir, begun.signers.session));
    const report = concluded(check, looks);
    if (report !== undefined) return report;
  }
}

/** The same; the segments of a large log are read by several threads. */
export async function verifyLogInParallel(dir: string, options: VerifyOptions): Promise<LogReport> {
  const looks: LogReport[] = [];
  for (;;) {
    const check = new Check(dir, options);
    const begun = check.begin();
    if (begun !== undefined) check.finish(begun, await readAhead(dir, begun, options.readers));
    const report = concluded(check, looks);
    if (report !== undefined) return report;
  }
}

/**
 * What is reported after this look, or undefined for one more. What is wrong at the same place in every look is wrong; a place that moves with the
 * writer says that the log grows faster than it can be read, and nothing about the log.
 */
function concluded(check: Check, looks: LogReport[]): LogReport | undefined {
  const report = check.report();
  if (exitOf(report.verdict) === 0 || check.unchanged()) return report;
  looks.push(report);
  if (looks.length < ATTEMPTS) return undefined;
  const isSteady = looks.every(({ verdict }) => JSON.stringify(verdict) === JSON.stringify(report.verdict));
  return isSteady ? report : { ...report, verdict: { word: "INCOMPLETE", what: GROWING } };
}

const GROWING = "a moment without writing: the log grows faster than it can be read; check a copy, or again later";

/** The records, or the error of their reading, for who asks next. */
async function readAhead(dir: string, { signers }: Begun, readers: VerifyOptions["readers"]): Promise<() => Records> {
  try {
    const records = await readInParallel(dir, signers.session, readers);
    return () => records;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
