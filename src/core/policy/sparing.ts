// The least allow rules that would spare a question. Proposed only after they were tried: rules that do not turn exactly this call into an
// allow (PERM-11, protected paths, ask rules, shell that is not understood) are no proposal.
import type { Action } from "../action.ts";
import type { Reason } from "../decision.ts";
import { secretSuspicion } from "../paths/index.ts";
import { decideAll } from "./decide.ts";
import type { Judge, JudgedCommand, Judgement } from "./judge.ts";
import type { RuleText } from "./policy.ts";
import { compileRules } from "./rules.ts";

const MOST_RULES = 8;
const LONGEST = 300;

/** Rules as a policy file spells them; empty where no rules would do, and where none are needed. */
export function sparingRules(judge: Judge, actions: readonly Action[]): readonly string[] {
  const judgement = decideAll(judge, actions);
  if (judgement.verdict !== "ask" || judge.mode === "plan" || judgement.reasons.some(readsSecret)) return [];
  const asking = everyCommand(judgement.commands).filter(({ reasons }) => reasons.some((r) => r.verdict === "ask"));
  const outer = judgement.commands.filter(({ verdict }) => verdict === "ask").map(({ text }) => text);
  const paths = judgement.reasons.flatMap((reason) => pathRule(reason.code, reason.hint));
  const tools = actions.flatMap(toolRule);
  const exact = [...outer, ...asking.map(({ text }) => text)].map((text) => bashRule(text));
  const leading = asking.map(({ text }) => leadingRules(text));
  const sets = [tools, paths, outer.map(bashRule), [...outer.map(bashRule), ...paths], [...exact, ...paths]];
  // the narrower ones of every command first
  for (const rule of [...leading.map(([narrow]) => narrow), ...leading.map(([, wide]) => wide)])
    if (rule !== undefined) sets.push([rule, ...exact, ...paths]);
  for (const set of sets) {
    const rules = [...new Set(set)].filter((rule) => rule.length <= LONGEST);
    if (rules.length > 0 && rules.length <= MOST_RULES && passes(judge, rules, actions))
      return least(rules, (fewer) => passes(judge, fewer, actions));
  }
  return [];
}

/** True for a secret outside the workspace: a rule for it is a person's own to think of, not handed to them for pasting. */
export function readsSecret({ code, subject }: Reason): boolean {
  return code === "reads-outside" && secretSuspicion(subject) === "name";
}

function passes(judge: Judge, rules: readonly string[], actions: readonly Action[]): boolean {
  const at = { file: "proposed", line: 1, column: 1 };
  const allow = rules.map((text) => ({ text, at, layer: "user" as const }));
  return passesWith(judge, allow, actions);
}

/** True when the call is allowed once these rules are added. */
export function passesWith(judge: Judge, allow: readonly RuleText[], actions: readonly Action[]): boolean {
  const compiled = compileRules({ allow, ask: [], deny: [] }, judge.facts);
  if (!compiled.ok) return false;
  const wider = { ...judge.rules, allow: [...judge.rules.allow, ...compiled.value.allow] };
  return decideAll({ ...judge, rules: wider }, actions).verdict === "allow";
}

/** Leaves out every rule that is not needed. */
function least(rules: readonly string[], pass: (fewer: readonly string[]) => boolean): readonly string[] {
  return rules.reduce<readonly string[]>((kept, rule) => {
    const fewer = kept.filter((other) => other !== rule);
    return fewer.length > 0 && pass(fewer) ? fewer : kept;
  }, rules);
}

function everyCommand(commands: Judgement["commands"]): readonly JudgedCommand[] {
  return commands.flatMap((command) => [command, ...everyCommand(command.inner)]);
}

/** The command's own words; a `*` outside quotes stands for itself. */
function bashRule(text: string): string {
  return `Bash(${text.replace(/'[^']*'|"(?:[^"\\]|\\.)*"|\\.|\*/gs, (part) => (part === "*" ? "\\*" : part))})`;
}

/** For words that are not constant: the program with its first word, then the program alone. */
function leadingRules(text: string): readonly string[] {
  const [, program, word] = /^([A-Za-z][\w.-]*)(?: ([A-Za-z][\w:.-]*))?(?= |$)/.exec(text) ?? [];
  if (program === undefined) return [];
  return [...(word === undefined ? [] : [`Bash(${program} ${word} *)`]), `Bash(${program} *)`];
}

/** A reason about a path carries its rule in its hint. */
function pathRule(code: string, hint: string | undefined): readonly string[] {
  const rule = /\b((?:Read|Write)\(.+\))$/s.exec(hint ?? "")?.[1];
  return rule !== undefined && /^(?:reads-outside|writes-file|writes-outside|no-rule)$/.test(code) ? [rule] : [];
}

function toolRule(action: Action): readonly string[] {
  switch (action.kind) {
    case "fetch":
      return [`WebFetch(domain:${action.host})`];
    case "mcp":
      return [`mcp__${action.server}__${action.tool}`];
    case "agent":
      return [`Agent(${action.name})`];
    case "other":
      return [action.tool];
    default:
      return [];
  }
}
