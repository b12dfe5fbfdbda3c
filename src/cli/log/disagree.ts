// `ringfence log show --disagree`: what an agent said beside what the walls saw, where the two differ.
import { readLog, withPrivate } from "#audit";
import type { LogRecord } from "#core/log";
import { type Disagreement, type DisagreementReport, disagreements } from "#core/session";
import { forTerminal } from "#core/text";
import { jsonLine } from "../print-json.ts";
import type { FoundLog } from "./find.ts";

/** Prints them, for each log. */
export function printDisagreements(logs: readonly FoundLog[], json: boolean): void {
  const reports = logs.map((log) => ({ session: log.name, ...disagreements(recordsOf(log), log.root) }));
  if (json) {
    process.stdout.write(jsonLine(reports.length === 1 ? reports[0] : { sessions: reports }, 1));
    return;
  }
  for (const report of reports) {
    if (reports.length > 1) process.stdout.write(`${report.session}\n`);
    process.stdout.write(`${linesOf(report).join("\n")}\n`);
  }
}

function* recordsOf({ dir }: FoundLog): Generator<LogRecord> {
  for (const { record } of withPrivate(dir, readLog(dir))) if (record !== undefined) yield record;
}

function linesOf(report: DisagreementReport): readonly string[] {
  if (!report.claimed) return ["no agent said anything here: there is nothing to compare what was seen with"];
  if (!report.observed)
    return ["nothing was observed here: only hooks guarded this session, so all there is are claims"];
  if (report.disagreements.length === 0) return ["what was said and what was seen agree"];
  return report.disagreements.flatMap(lines);
}

const WORDS: { readonly [kind in Disagreement["kind"]]: string } = {
  "ran-after-refusal": "was refused, and ran all the same",
  "never-ran": "was said to have run, and no such program was started",
  "never-wrote": "was said to be written, and was not",
  "exit-differs": "ended otherwise than was said",
  "write-not-claimed": "was written, and no tool call speaks of it",
  "connection-not-claimed": "was reached, and no tool call speaks of it",
  "called-after-refusal": "was refused, and reached its server all the same",
  "never-called": "was said to be called, and never came to its server",
  "call-not-claimed": "was called, and no tool call of the agent's speaks of it",
};

function lines({ kind, seq, ts, claimed, observed }: Disagreement): readonly string[] {
  const what = claimed === "" ? observed : claimed;
  const head = `${ts.slice(11, 19)} ${String(seq).padStart(6)}  ${forTerminal(what, { max: 120 })}  ${WORDS[kind]}`;
  return claimed === "" ? [head] : [head, `${" ".repeat(17)}seen: ${forTerminal(observed, { max: 160 })}`];
}
