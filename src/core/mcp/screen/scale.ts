// In what pieces a text is weighed, and what a piece must weigh to be told. Chosen on the tables that are learned from, each writer left out in turn, and
// held against the examination (tests/core/mcp-screen/exam.test.ts).
import type { Subject } from "./signs.ts";

/** A number for each kind of text. */
type Each = Readonly<Record<Subject, number>>;

/** One way to cut a text into stretches. */
export interface Scale {
  /** Letters of a stretch. */
  readonly letters: Each;
  /** Fewer different words say nothing, for or against. */
  readonly wordsLeast: number;
  /** What a stretch must weigh more, to speak for what a rule suspects in it. */
  readonly handicap: number;
  /** A sum beyond it is worth a look, though no rule knows why, */
  readonly alone: Each;
  /** and this one in a long text: it has many stretches, and each is another chance to look like something. */
  readonly aloneInLong: Each;
}

const each = (definition: number, other: number): Each => ({
  ...{ definition, result: other, elicitation: other, sampling: other },
});

/** As much as it takes to say one thing; an answer may need more to be understood. */
export const WIDE: Scale = {
  letters: each(300, 600),
  wordsLeast: 18,
  handicap: 0,
  alone: each(-0.05, 0.1),
  aloneInLong: each(0.2, 0.6),
};
/**
 * A sentence or two. The talk around an order may be the attacker's too, and these weights can be read: he takes what weighs least (Lowd and Meek, "Good
 * word attacks on statistical spam filters", CEAS 2005). What he puts beside the order does not reach into it.
 */
export const NARROW: Scale = {
  letters: each(100, 150),
  wordsLeast: 10,
  handicap: 0.3,
  alone: each(0.2, 0.5),
  aloneInLong: each(0.25, 0.8),
};
/** From so many letters on a text is long. */
const LONG = each(600, 2_000);

/** Whether the higher bounds hold. */
export const isLong = (subject: Subject, letters: number): boolean => letters > LONG[subject];

/** What a rule suspects is left where all around it weighs less, */
export const SUSPECTED: Each = each(-0.05, 0.05);
/** and what it is sure of, below this. */
export const DOUBT: Each = each(-0.2, -0.05);
/** Beyond this one a definition is held. */
export const SURE = 0.3;
