// What the questions of a session came to (APP-2): how many, how fast they were answered, and which rule would have spared the repeats. A fold.
import type { Answer, Question } from "../approval.ts";
import { forTerminal } from "../text/index.ts";

/** An answer faster than this was hardly read. */
const HARDLY_READ_MS = 1_000;

/** Distinct rules that are remembered. */
const RULES_MOST = 200;

/** The count so far. */
export interface PromptTally {
  readonly asked: number;
  readonly allowed: number;
  readonly denied: number;
  /** Ended by nobody: time out, nobody there, or too many at once. */
  readonly unanswered: number;
  /** Passed or refused by an answer that stood already. */
  readonly standing: number;
  /** How long a person took, each time; milliseconds, in order. */
  readonly answeredAfterMs: readonly number[];
  /** How often each rule would have spared a question. */
  readonly rules: Readonly<Record<string, number>>;
}

/** Nothing was asked yet. */
export const NO_PROMPTS: PromptTally = {
  asked: 0,
  allowed: 0,
  denied: 0,
  unanswered: 0,
  standing: 0,
  answeredAfterMs: [],
  rules: {},
};

/** Counts one ended question; `now` is when it ended. */
export function countPrompt(tally: PromptTally, question: Question, answer: Answer, now: number): PromptTally {
  if (answer.by === "grant") return { ...tally, standing: tally.standing + 1 };
  const person = answer.by === "terminal" || answer.by === "command" || answer.by === "webhook";
  return {
    asked: tally.asked + 1,
    allowed: tally.allowed + (answer.verdict === "allow" ? 1 : 0),
    denied: tally.denied + (answer.verdict === "deny" ? 1 : 0),
    unanswered: tally.unanswered + (person ? 0 : 1),
    standing: tally.standing,
    answeredAfterMs: person
      ? [...tally.answeredAfterMs, Math.max(0, now - question.askedAt)].slice(-1_000)
      : tally.answeredAfterMs,
    rules: question.rule === undefined ? tally.rules : counted(tally.rules, question.rule),
  };
}

function counted(rules: PromptTally["rules"], rule: string): PromptTally["rules"] {
  if (!Object.hasOwn(rules, rule) && Object.keys(rules).length >= RULES_MOST) return rules;
  return { ...rules, [rule]: (Object.hasOwn(rules, rule) ? (rules[rule] ?? 0) : 0) + 1 };
}

/** At most three lines for the session's summary; none when nothing was asked. */
export function promptLines(tally: PromptTally): readonly string[] {
  if (tally.asked === 0) return [];
  const times = [...tally.answeredAfterMs].sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)];
  const fast = times.filter((ms) => ms < HARDLY_READ_MS).length;
  const pace = median === undefined ? "" : `, answered after ${(median / 1000).toFixed(1)} s (median)`;
  const unread = fast === 0 ? "" : `, ${fast} within a second`;
  const nobody = tally.unanswered === 0 ? "" : `, ${tally.unanswered} by nobody`;
  const repeats = Object.entries(tally.rules)
    .filter(([, count]) => count > 1)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 2);
  return [
    `  asked    ${tally.asked} (${tally.allowed} allowed, ${tally.denied} refused${nobody})${pace}${unread}`,
    ...repeats.map(
      ([rule, count]) => `           ${count} of them a rule would spare: ${forTerminal(rule, { max: 120 })}`,
    ),
  ];
}
