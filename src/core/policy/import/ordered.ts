// Rule lists where order or priority decides (OpenCode: the last match, Gemini: the highest priority) → ours, where deny wins, then ask,
// then allow. A limit that a stronger rule loosens there is kept, and said; a rule for everything with exceptions becomes the default.
import type { Span } from "../../result.ts";
import { allPrograms, type ProgramEntry } from "../../shell/index.ts";
import { atLeast, type Verdict } from "../../verdict.ts";
import type { Draft } from "./draft.ts";
import { covers, overlaps } from "./glob.ts";

/** One rule of an ordered list. */
export interface OrderedRule {
  readonly verdict: Verdict;
  /** Our word for the tool, or the tool's own. */
  readonly tool: string;
  /** What it matches there, with `*` for any text; `*` alone is the whole tool. */
  readonly glob: string;
  /** Our rules that hold at least (a limit) or at most (an allow) what it matches. */
  readonly rules: readonly string[];
  readonly at: Span;
  /** As it is shown to a person. */
  readonly name: string;
}

/** Tools that ask here when no rule speaks of them, so that a general `ask` needs no rule. Reading is free inside the workspace. */
const ASKS_ANYWAY = (tool: string): boolean => tool !== "Read" && tool !== "Bash";

/** Writes the rules down, strongest first as given. */
export function addOrdered(rules: readonly OrderedRule[], draft: Draft): void {
  for (const [index, rule] of rules.entries()) {
    if (rule.verdict === "allow") {
      allow(rule, draft);
      continue;
    }
    const looser = rules
      .slice(0, index)
      .filter((r) => sameTool(r, rule) && !atLeast(r.verdict, rule.verdict) && overlaps(r.glob, rule.glob));
    if (rule.glob === "*" && looser.length > 0) {
      general(rule, looser, draft);
      continue;
    }
    for (const text of rule.rules) draft.rule(rule.verdict, text, rule.at);
    const [stronger] = looser;
    if (stronger === undefined) continue;
    const whole = covers(stronger.glob, rule.glob);
    draft.say(
      rule.name,
      rule.at,
      `${rule.verdict}, but ${whole ? "cancelled" : "loosened in part"} there by ${stronger.name} (line ${stronger.at.line})`,
      `stricter here: ${rule.verdict} wins in any order; take the rule out if the other one is meant`,
    );
  }
}

function sameTool(a: OrderedRule, b: OrderedRule): boolean {
  return a.tool === b.tool;
}

function allow(rule: OrderedRule, draft: Draft): void {
  for (const text of rule.rules) {
    // a bare allow of a file tool would reach the whole disk; there it means the workspace
    const inside = text === "Read" || text === "Edit" ? `${text}(./**)` : text;
    draft.rule("allow", inside, rule.at);
    if (text === "Bash")
      draft.say(
        rule.name,
        rule.at,
        "every command is allowed there, but may ask when it names files outside",
        "every command is covered here; what runs another program, writes by an option or cannot be undone asks, and the fence hides what lies outside",
      );
  }
}

/** A limit on a whole tool with exceptions that are stronger. */
function general(rule: OrderedRule, exceptions: readonly OrderedRule[], draft: Draft): void {
  const word = `${rule.verdict} for whatever no other rule names`;
  if (rule.verdict === "deny") {
    draft.add({
      key: "permissions.mode",
      value: "dontAsk",
      at: rule.at,
      note: `${rule.name}: what no rule allows is denied`,
    });
    draft.say(
      rule.name,
      rule.at,
      word,
      "became mode `dontAsk`: what no rule allows is denied, for every tool, and what asks is denied too",
    );
  }
  if (rule.tool === "Bash") {
    // programs that only read need no rule here, so each is named
    for (const words of readOnlyCommands()) {
      if (exceptions.some((e) => covers(e.glob, `${words} *`))) continue;
      draft.rule(rule.verdict, `Bash(${words} *)`, rule.at, { note: `as ${rule.name}` });
      const part = exceptions.find((e) => overlaps(e.glob, `${words} *`) || e.glob === words);
      if (part !== undefined)
        draft.say(
          part.name,
          part.at,
          "an exception there",
          `stricter here: \`${words}\` is ${rule.verdict} as a whole, since ${rule.name} holds for the rest of it`,
        );
    }
  } else if (rule.tool === "Read") {
    for (const text of rule.rules) draft.rule(rule.verdict, text, rule.at);
    draft.say(
      rule.name,
      rule.at,
      word,
      `stricter here: ${exceptions
        .map((e) => e.name)
        .slice(0, 3)
        .join(", ")} is not an exception; reading is free in the workspace, so the rule holds for all of it`,
    );
  } else if (rule.verdict === "ask" && !ASKS_ANYWAY(rule.tool))
    for (const text of rule.rules) draft.rule("ask", text, rule.at);
}

/** The commands that pass without a rule, as the program table has them. */
export function readOnlyCommands(): readonly string[] {
  const found: string[] = [];
  const look = (name: string, entry: ProgramEntry): void => {
    if (entry.readOnly === true || entry.readOnlyWithoutOperands === true) found.push(name);
    else for (const [sub, inner] of Object.entries(entry.subcommands ?? {})) look(`${name} ${sub}`, inner);
  };
  for (const [name, entry] of allPrograms()) look(name, entry);
  return found.sort();
}
