// The terminal as a way to reach a person with a question: the screen of core/session, and a second one before a rule is written.
import type { Question } from "#core";
import { effectLines, questionChoices, questionLines, type RuleEffect } from "#core/session";
import type { QuestionChannel, Said } from "#monitor";
import { askAtTerminal, terminalIsHere } from "./terminal-prompt.ts";

/** The controlling terminal of this process. */
export function terminalChannel(): QuestionChannel {
  return { by: "terminal", present: terminalIsHere, ask };
}

async function ask(question: Question, effect: RuleEffect | undefined, signal: AbortSignal): Promise<Said | undefined> {
  // A rule is written by somebody who saw what it does, or not at all.
  const choices = questionChoices(question).filter(({ scope }) => scope !== "rule" || effect !== undefined);
  const typed = await askAtTerminal({ lines: (width) => questionLines(question, width), choices }, signal);
  if (typed.kind === "absent" || typed.kind === "over") return undefined;
  const choice = typed.kind === "word" ? choices.find(({ word }) => word === typed.word) : undefined;
  if (choice === undefined) return { verdict: "deny", scope: "once", odd: true };
  if (choice.scope !== "rule" || effect === undefined) return { verdict: choice.verdict, scope: choice.scope };
  const sure = await askAtTerminal(
    {
      lines: (width) => effectLines(effect, width),
      choices: [
        { word: "yes", says: "write the rule" },
        { word: "no", says: "write nothing, and refuse" },
      ],
    },
    signal,
  );
  return sure.kind === "word" && sure.word === "yes"
    ? { verdict: "allow", scope: "rule" }
    : { verdict: "deny", scope: "once", odd: true };
}
