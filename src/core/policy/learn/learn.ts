// From the record of a session to the least rules that cover it (PERM-8), while everything was and stays enforced. Pure; total on any record.
import type { LogRecord } from "../../log/index.ts";
import { type DraftPart, printPolicy } from "../import/index.ts";
import { FileLessons } from "./files.ts";
import { NetworkLessons } from "./network.ts";
import type { Learned, LearnPlaces, Proposal } from "./proposal.ts";
import { QuestionLessons } from "./questions.ts";

/** More than this nobody reads; what was refused most often comes first. */
const MOST = 200;

/** Reads the records in order. */
export function learnFrom(records: Iterable<LogRecord>, places: LearnPlaces): Learned {
  const network = new NetworkLessons();
  const files = new FileLessons(places);
  const questions = new QuestionLessons(places);
  for (const record of records) {
    network.take(record);
    files.take(record);
    questions.take(record);
  }
  const proposals = distinct([...network.proposals(places), ...files.proposals(), ...questions.proposals()]);
  const most = (a: { readonly evidence: Proposal["evidence"] }, b: typeof a): number =>
    b.evidence.count - a.evidence.count;
  return {
    proposals: proposals.sort(most).slice(0, MOST),
    left: [...network.leftOut(), ...files.leftOut(), ...questions.leftOut()].sort(most).slice(0, MOST),
    unneeded: network.unneeded(),
  };
}

/** One host on both ports is one rule. */
function distinct(proposals: readonly Proposal[]): Proposal[] {
  const byRule = new Map<string, Proposal>();
  for (const one of proposals) {
    const key = `${one.key} ${JSON.stringify(one.value)}`;
    const before = byRule.get(key);
    byRule.set(key, before === undefined ? one : joined(before, one));
  }
  return [...byRule.values()];
}

function joined(a: Proposal, b: Proposal): Proposal {
  const { records, programs, count, why } = a.evidence;
  return {
    ...a,
    evidence: {
      records: [...records, ...b.evidence.records].sort((x, y) => x - y).slice(0, 8),
      programs: [...new Set([...programs, ...b.evidence.programs])].sort(),
      count: count + b.evidence.count,
      why,
    },
    risks: [...new Set([...a.risks, ...b.risks])],
  };
}

/** The proposals as a policy file; every line says which record it comes from. */
export function learnedPolicy(proposals: readonly Proposal[], session: string): string {
  const parts = proposals.map(
    ({ key, value, evidence, risks }): DraftPart => ({
      ...{ key, value },
      at: { file: "record", line: evidence.records[0] ?? 0, column: 1 },
      note: [`${evidence.count}x ${evidence.why}`, ...risks].join("; "),
    }),
  );
  return printPolicy(parts, [
    `proposed by \`ringfence policy learn\` from what session ${session} was refused`,
    "read every line: each opens something, and the session may have been an attacker's",
  ]).text;
}
