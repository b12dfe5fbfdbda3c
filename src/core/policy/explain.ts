// Codes → sentences (reasons.json). The only place that makes them, so that every door says the same (STYLE 7). Nothing here is
// escaped: doors do that.
import type { Reason } from "../decision.ts";
import table from "./reasons.json" with { type: "json" };

interface Words {
  /** Half a sentence after the command, path or tool. */
  readonly say: string;
  /** What would change the answer; empty where nothing needs to. */
  readonly hint: string;
}

const WORDS: ReadonlyMap<string, Words> = new Map(Object.entries(table));

/** How the hint of every irreversible act begins. */
export const PERSON = "a person decides each time";

/** One reason as half a sentence, with its rule and place. */
export function explainReason(reason: Reason): string {
  const rule = reason.rule === undefined ? "" : ` ${reason.rule}`;
  const at =
    reason.at === undefined
      ? ""
      : ` (${reason.at.file}:${reason.at.line}${reason.rule === undefined ? `:${reason.at.column}` : ""})`;
  if (reason.code === "rule-matched") return `${reason.verdict} rule${rule}${at}`;
  return `${WORDS.get(reason.code)?.say ?? reason.code}${rule === "" ? "" : `:${rule}`}${at}`;
}

/** What a person can do about a reason that is no allow, in one sentence. Its own hint is better where it has one. */
export function hintFor(reason: Reason): string | undefined {
  const hint = WORDS.get(reason.code)?.hint ?? "";
  return hint === "" ? undefined : hint;
}

/** True for what asks a person in every mode, whatever a rule says (PERM-11). */
export function needsPerson(reason: Reason): boolean {
  return WORDS.get(reason.code)?.hint.startsWith(PERSON) === true;
}

const BY_RULE: ReadonlySet<string> = new Set(["rule-matched", "rule-not-excluded"]);

/** Without "no rule allows it" about what a rule or a person decides in any case: it reads as if an allow rule would help. */
export function tellingReasons(reasons: readonly Reason[]): readonly Reason[] {
  const decided = reasons.filter((one) => one.verdict !== "allow" && (needsPerson(one) || BY_RULE.has(one.code)));
  const subjects = new Set(decided.map(({ subject }) => subject));
  return reasons.filter(({ code, subject }) => code !== "no-rule" || !subjects.has(subject));
}

/** All codes that have a sentence, for the test. */
export function explainedCodes(): readonly string[] {
  return [...WORDS.keys()];
}
