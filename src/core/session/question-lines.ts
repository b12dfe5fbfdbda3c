// A question as the lines a person reads, the same at every door (I10). What will happen comes first and whole, in a frame that its own text cannot
// leave; everything that an adversary may have written is escaped, and nothing is cut.
import type { ApprovalScope, Question } from "../approval.ts";
import { beyondAscii, exactText, framedLines, wrappedWords } from "../text/index.ts";
import type { RuleEffect } from "./offered-rule.ts";

/** A word that may be typed, and what it means. */
export interface Choice {
  readonly word: string;
  readonly says: string;
  readonly verdict: "allow" | "deny";
  readonly scope: ApprovalScope;
}

const TITLES: Readonly<Record<Question["act"]["kind"], string>> = {
  exec: "run this",
  read: "read this",
  write: "write this",
  edit: "change this",
  delete: "delete this",
  fetch: "connect to this",
  mcp: "call this MCP tool",
  agent: "start this agent",
  prompt: "be told this",
  other: "use this tool",
};

/** The screen above the choices. Every line fits into `width` cells. `late`: its call was refused already, and a yes is for the next try. */
export function questionLines(question: Question, width: number, state: "waits" | "late" = "waits"): readonly string[] {
  const { act, agent, legs } = question;
  const odd = beyondAscii(act.text);
  return [
    ...plain(`May ${agent} ${TITLES[act.kind]}?`, width, ""),
    ...framedLines(act.text, width),
    ...plain(`in ${act.cwd}`, width),
    ...(odd.length === 0 ? [] : plain(`note: it holds characters beyond ASCII: ${listed(odd)}`, width)),
    "why it asks",
    ...question.why.flatMap((why) => plain(`- ${why}`, width)),
    ...(legs.length === 0 ? [] : legLines(legs, width)),
    ...plain(asker(question, state), width, ""),
  ];
}

/** What may be answered. A rule is offered only where one exists that may spare this question. */
export function questionChoices(question: Question): readonly Choice[] {
  const rule = question.rule;
  return [
    { word: "yes", says: "this once", verdict: "allow", scope: "once" },
    { word: "session", says: "exactly this, until the session ends", verdict: "allow", scope: "session" },
    ...(rule === undefined
      ? []
      : ([
          { word: "rule", says: `always: write the rule ${exactText(rule)}`, verdict: "allow", scope: "rule" },
        ] as const)),
    { word: "no", says: "refuse it; so does anything else, and no answer", verdict: "deny", scope: "once" },
  ];
}

/** Calls that are listed of a rule's effect; the others are counted. */
const CALLS_SHOWN = 12;

/** What the rule would have done so far, before anybody says that it shall be written. */
export function effectLines(effect: RuleEffect, width: number): readonly string[] {
  const { rule, allows } = effect;
  const more = allows.length - CALLS_SHOWN;
  return [
    ...plain("This rule goes into .ringfence/policy.local.yaml, for this and every later session here:", width, ""),
    ...framedLines(rule, width),
    ...plain("of what this session asked, it would have let pass:", width, ""),
    ...allows.slice(0, CALLS_SHOWN).flatMap((call) => framedLines(call, width)),
    ...(more > 0 ? plain(`and ${more} more`, width) : []),
    ...(allows.length === 0 ? ["  nothing else"] : []),
  ];
}

function legLines(legs: Question["legs"], width: number): readonly string[] {
  return [
    ...plain(
      "with this the session has read what outsiders write (A), reached what is private (B) and can send or change (C):",
      width,
      "",
    ),
    ...legs.flatMap(({ leg, cause }) => plain(`${leg}  ${cause}`, width)),
  ];
}

function asker(question: Question, state: "waits" | "late"): string {
  const guarded = question.contained ? "in a fence" : "uncontained: no walls around it";
  const seconds = Math.max(0, Math.round((question.expiresAt - question.askedAt) / 1000));
  const ends =
    state === "late" ? "refused already; a yes is for the next try of exactly this" : `refused after ${seconds} s`;
  return `session ${question.session} (${guarded}), question ${question.id}, digest ${question.digest.slice(0, 16)}, ${ends}`;
}

function listed(points: readonly string[]): string {
  const shown = points.slice(0, 8).join(" ");
  return points.length <= 8 ? shown : `${shown} and ${points.length - 8} more`;
}

/** Our own sentence around hostile words: one line of text, wrapped. */
function plain(text: string, width: number, indent = "  "): readonly string[] {
  return wrappedWords(exactText(text), Math.max(8, width - indent.length)).map((line) => indent + line);
}
