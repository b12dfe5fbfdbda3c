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
  /** The tool's own name there, where several of them are one tool of ours. */
  readonly native?: string;
}

/** Gemini's tools that read; `Read` stands for all of them. */
const READS = ["read_file", "glob", "grep_search", "list_directory"];

/** Tools that ask here when no rule speaks of them, so that a general `ask` needs no rule. Reading is free inside the workspace. */
const ASKS_ANYWAY = (tool: string): boolean => tool !== "Read" && tool !== "Bash";

/** Most pairs of patterns that are compared; further ones count as overlapping, which only says more. */
const MOST_PAIRS = 20_000;

/** Writes the rules down, strongest first as given. */
export function addOrdered(rules: readonly OrderedRule[], draft: Draft): void {
  let pairs = 0;
  const meets = (a: OrderedRule, b: OrderedRule): boolean => ++pairs > MOST_PAIRS || overlaps(a.glob, b.glob);
  const before = new Map<string, OrderedRule[]>();
  for (const rule of rules) {
    const stronger = before.get(rule.tool) ?? [];
    addOne(rule, stronger, meets, draft);
    stronger.push(rule);
    before.set(rule.tool, stronger);
  }
}

function addOne(
  rule: OrderedRule,
  stronger: readonly OrderedRule[],
  meets: (a: OrderedRule, b: OrderedRule) => boolean,
  draft: Draft,
): void {
  if (rule.verdict === "allow") {
    // a general limit becomes the default and not a rule, so what it hides must not come back
    const hidden = stronger.find((r) => r.verdict !== "allow" && covers(r.glob, rule.glob));
    if (hidden === undefined) allow(rule, draft);
    else
      draft.say(
        rule.name,
        rule.at,
        `never reached there: ${hidden.name} (line ${hidden.at.line}) is stronger`,
        "not carried over",
      );
    return;
  }
  const looser = stronger.filter((r) => !atLeast(r.verdict, rule.verdict) && meets(r, rule));
  if (rule.glob === "*" && looser.length > 0) {
    general(rule, looser, draft);
    return;
  }
  for (const text of rule.rules) draft.rule(rule.verdict, text, rule.at);
  const [first] = looser;
  if (first === undefined) return;
  draft.say(
    rule.name,
    rule.at,
    `${rule.verdict}, but ${covers(first.glob, rule.glob) ? "cancelled" : "loosened in part"} there by ${first.name} (line ${first.at.line})`,
    `stricter here: ${rule.verdict} wins in any order; take the rule out if the other one is meant`,
  );
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
        "every command is allowed there",
        "every command is covered here too; what runs another program, writes by an option or cannot be undone asks, and the fence hides what lies outside",
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
    if (READS.every((one) => exceptions.some((e) => e.glob === "*" && e.native === one))) return;
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
