// "Why was this refused, and what do I type?": the second half of the answer. What would change it, most useful first, in few lines.
import type { Action } from "../action.ts";
import type { Reason } from "../decision.ts";
import { hintFor, PERSON } from "./explain.ts";
import type { Judge, Judgement } from "./judge.ts";
import type { RuleText } from "./policy.ts";
import { passesWith, readsSecret, sparingRules } from "./sparing.ts";

const MOST_HINTS = 3;
const MANAGED = /^\/etc\/ringfence\//;
/** Where the rule is the person's own to think of: it is not handed to them for pasting. */
const NO_PROPOSAL: ReadonlySet<string> = new Set([
  "changes-shell",
  "credentials",
  "gives-host",
  "insecure",
  "mounts-host",
  "runs-shell",
  "sends-data",
  "sends-file",
  "sets-loaded-name",
  "shows-environment",
  "standard-input",
]);

/** Where the advice sends a person: the file of theirs that needs no acceptance. */
export const OWN_POLICY = "~/.config/ringfence/policy.yaml";

/** What is known of where the rules come from. */
export interface RuleOrigins {
  /** Allow rules that do not hold, because nobody accepted their file. */
  readonly waiting?: readonly RuleText[];
  /** True when the managed file lists all that is allowed. */
  readonly managed?: boolean;
}

/** One line each; a line that belongs to the one before it starts with spaces. Empty for an allow. */
export function adviceOn(
  judge: Judge,
  actions: readonly Action[],
  judgement: Judgement,
  origins: RuleOrigins = {},
): readonly string[] {
  if (judgement.verdict === "allow") return [];
  const strictest = judgement.reasons.filter((reason) => reason.verdict === judgement.verdict);
  const byRule = [...new Set(strictest.filter((reason) => reason.code === "rule-matched").map(changeRule))];
  const nobody = judge.mode === "dontAsk" && judgement.verdict === "deny" && byRule.length === 0;
  const open = nobody || (judgement.verdict === "ask" && !strictest.some(({ code }) => NO_PROPOSAL.has(code)));
  const waiting = open ? waitingRule(asking(judge), actions, origins.waiting ?? []) : [];
  const rules = open && waiting.length === 0 ? sparingRules(asking(judge), actions) : [];
  const others = [...new Set(strictest.map(otherwise).filter((hint) => hint !== undefined))].sort(personFirst);
  const lines = [
    ...byRule.slice(0, MOST_HINTS),
    ...(nobody ? ["nobody is asked in mode dontAsk, so every question is a no"] : []),
    ...waiting,
    ...(origins.managed === true && rules.length > 0 ? [MANAGED_LIST] : proposal(rules)),
    ...others.slice(0, rules.length + waiting.length + byRule.length > 0 ? 1 : MOST_HINTS),
  ];
  if (lines.length > 0) return lines;
  return [judge.mode === "plan" ? PLAN : "no rule says exactly this: answer the agent's question, or run it yourself"];
}

const SECRET =
  "it is a secret: run it yourself, or hand in only what is needed (`ringfence run --env NAME -- COMMAND`)";
const PLAN = hintFor({ code: "plan-mode", verdict: "ask", subject: "" }) ?? "leave plan mode first";
const MANAGED_LIST = "the managed policy lists all that is allowed: ask who keeps `/etc/ringfence/policy.yaml`";

/** A rule that would let it pass stands in a file that nobody accepted. */
function waitingRule(judge: Judge, actions: readonly Action[], waiting: readonly RuleText[]): readonly string[] {
  const rule = waiting.find((one) => passesWith(judge, [one], actions)) ?? waiting[0];
  if (rule === undefined || !passesWith(judge, waiting, actions)) return [];
  const { file, line } = rule.at;
  return [
    `\`${rule.text}\` (${file}:${line}) would let it pass, but nobody accepted that file: \`ringfence policy trust ${file}\``,
  ];
}

/** What only a person can do stands before what the agent can do another way. */
function personFirst(a: string, b: string): number {
  return Number(b.startsWith(PERSON)) - Number(a.startsWith(PERSON));
}

/** What else would change it. Why a path is protected stands with the reason itself; its other hints are proposals, made above. */
function otherwise(reason: Reason): string | undefined {
  if (readsSecret(reason)) return SECRET;
  return reason.code === "protected-path" ? [reason.hint, hintFor(reason)].filter(Boolean).join("; ") : hintFor(reason);
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
