// "Why was this refused, and what do I type?": the second half of the answer. What would change it, most useful first, in few lines.
import type { Action } from "../action.ts";
import type { Reason } from "../decision.ts";
import type { Judgement } from "./decide.ts";
import { hintFor } from "./explain.ts";
import type { Judge } from "./judge-command.ts";
import { sparingRules } from "./sparing.ts";

const MOST_HINTS = 3;
const MANAGED = /^\/etc\/ringfence\//;

/** Where the advice sends a person: the file of theirs that needs no acceptance. */
export const OWN_POLICY = "~/.config/ringfence/policy.yaml";

/** One line each; a line that belongs to the one before it starts with spaces. Empty for an allow. */
export function adviceOn(judge: Judge, actions: readonly Action[], judgement: Judgement): readonly string[] {
  if (judgement.verdict === "allow") return [];
  const strictest = judgement.reasons.filter((reason) => reason.verdict === judgement.verdict);
  const byRule = strictest.filter((reason) => reason.code === "rule-matched").map(changeRule);
  const nobody = judge.mode === "dontAsk" && judgement.verdict === "deny" && byRule.length === 0;
  const rules = nobody || judgement.verdict === "ask" ? sparingRules(asking(judge), actions) : [];
  const lines = [
    ...byRule,
    ...(nobody ? ["nobody is asked in mode dontAsk, so every question is a no"] : []),
    ...proposal(rules),
  ];
  const others = strictest.filter(
    (reason) => reason.code !== "rule-matched" && (rules.length === 0 || reason.code !== "no-rule"),
  );
  const more = others.map((reason) => (rules.length > 0 ? hintFor(reason) : (reason.hint ?? hintFor(reason))));
  const said = [...new Set(more.filter((hint) => hint !== undefined))];
  return [...new Set(lines), ...said.slice(0, rules.length > 0 || byRule.length > 0 ? 1 : MOST_HINTS)];
}

/** The rules as they stand in a file, to be pasted. */
function proposal(rules: readonly string[]): readonly string[] {
  if (rules.length === 0) return [];
  return [
    `to let it pass, put this under \`permissions.allow\` in ${OWN_POLICY}:`,
    ...rules.map((rule) => `    - ${JSON.stringify(rule)}`),
  ];
}

function changeRule({ verdict, rule, at }: Reason): string {
  const where = at === undefined ? "" : ` at ${at.file}:${at.line}`;
  if (at !== undefined && MANAGED.test(at.file))
    return `\`${rule}\` stands in the managed policy${where}: only who keeps that file can change it`;
  return verdict === "deny"
    ? `no allow undoes a deny: to change it, edit \`${rule}\`${where}`
    : `\`${rule}\`${where} asks each time: answer the agent's question, or edit that rule`;
}

/** The same rules where a question is still one. */
function asking(judge: Judge): Judge {
  return judge.mode === "dontAsk" ? { ...judge, mode: "default" } : judge;
}
