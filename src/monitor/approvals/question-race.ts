// One question on all channels at once. Exactly one answer comes out, and every way in which none does is a denial.
import type { Answer, Question } from "#core";
import type { RuleEffect } from "#core/session";
import type { QuestionChannel, Said } from "./question-channel.ts";

/** A question that somebody outside may still answer. `late`: its call was refused already, and an approval lets the same act pass once. */
export interface OpenQuestion {
  readonly question: Question;
  readonly late: boolean;
  readonly effect: RuleEffect | undefined;
}

/** An answer, and whether somebody meant it. */
export type Heard = Answer & { readonly odd?: boolean };

/** What a question is shown on. */
export interface Race {
  readonly open: OpenQuestion;
  readonly channels: readonly QuestionChannel[];
  /** True while somebody outside looks at the questions: then it waits even if no channel can show it. */
  readonly watched: boolean;
  /** Gets the way in for an answer from outside, at once. */
  readonly onStart: (settle: (said: Said) => void) => void;
  /** Nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly waitMs: number;
}

/** Waits for the first answer. When it resolves, no channel shows the question any more. */
export async function raceChannels(race: Race): Promise<Heard> {
  const { open, channels, watched, signal, waitMs } = race;
  if (channels.length === 0 && !watched) return NOBODY;
  const over = new AbortController();
  const ended = AbortSignal.any([signal, over.signal]);
  const outside = new Promise<Heard>((settle) => {
    ended.addEventListener("abort", () => settle(NOBODY), { once: true });
    if (ended.aborted) settle(NOBODY);
    race.onStart((said) => settle({ ...said, by: "command" }));
  });
  const asked = channels.map(async (channel): Promise<Heard | undefined> => {
    const said = await channel.ask(open.question, open.effect, ended).catch(() => undefined);
    // A channel that ends because the question did has not answered it.
    return said === undefined || ended.aborted ? undefined : { ...said, by: channel.by };
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    over.abort();
  }, waitMs);
  try {
    // A channel that could not show the question leaves it to the others; when none is left, nobody was there.
    const anyShown = watched ? outside : Promise.all(asked).then((all) => all.find(isGiven) ?? NOBODY);
    const first = await Promise.race([...asked.map(orNever), outside, anyShown]);
    return late && first.by === "nobody" ? TIMEOUT : first;
  } finally {
    clearTimeout(timer);
    over.abort();
    await Promise.all(asked); // the screen is given back before the agent goes on
  }
}

/** Nobody was there. */
export const NOBODY: Answer = { verdict: "deny", by: "nobody", scope: "once" };
const TIMEOUT: Answer = { verdict: "deny", by: "timeout", scope: "once" };

function isGiven(answer: Heard | undefined): answer is Heard {
  return answer !== undefined;
}

function orNever(answer: Promise<Heard | undefined>): Promise<Heard> {
  return new Promise((settle) => void answer.then((given) => given !== undefined && settle(given)));
}
