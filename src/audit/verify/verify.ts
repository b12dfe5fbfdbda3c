// Checking one log with nothing but its folder and a public key.
import { exitOf } from "#core/log";
import { type Begun, Check } from "./check.ts";
import { readInParallel } from "./parallel.ts";
import { type Records, readRecords } from "./records.ts";
import type { LogReport, VerifyOptions } from "./report.ts";

/** A writer that is at work may end an epoch, or the session, between two of our reads: then the next look decides. */
const ATTEMPTS = 3;

/** Verifies the log in `dir`. Never throws for anything the folder holds. */
export function verifyLog(dir: string, options: VerifyOptions): LogReport {
  for (let attempt = 1; ; attempt++) {
    const check = new Check(dir, options);
    const begun = check.begin();
    if (begun !== undefined) check.finish(begun, () => readRecords(dir, begun.signers.session));
    const report = check.report();
    if (attempt === ATTEMPTS || isFinal(check, report)) return report;
  }
}

/** The same; the segments of a large log are read by several threads. */
export async function verifyLogInParallel(dir: string, options: VerifyOptions): Promise<LogReport> {
  for (let attempt = 1; ; attempt++) {
    const check = new Check(dir, options);
    const begun = check.begin();
    if (begun !== undefined) check.finish(begun, await readAhead(dir, begun, options.readers));
    const report = check.report();
    if (attempt === ATTEMPTS || isFinal(check, report)) return report;
  }
}

function isFinal(check: Check, report: LogReport): boolean {
  return exitOf(report.verdict) === 0 || check.unchanged();
}

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
