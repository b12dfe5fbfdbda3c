// What was seen, before it is decided what it amounts to: single words mean little, and several small signs of one definition together mean something.
import { forTerminal } from "../../text/index.ts";
import type { Finding } from "./finding.ts";

/** One sign, with its weight: at 1 it is worth a person's look on its own. */
export interface Signal {
  readonly kind: string;
  readonly weight: number;
  readonly isHard: boolean;
  readonly at: string;
  readonly text: string;
  /** Made of several signs already: who acts, on what, to where. */
  readonly isScene?: true;
}

/** Worth a look alone. */
const SOFT = 1;
/** What honest servers say, too, adds up with the length of what they say: so many letters double the sum that is worth a look. */
const LONG = 6000;
/** So much of so many kinds is no accident. */
const HARD = 2.8;
const KINDS = 3;
const EXCERPT = 160;

/**
 * The findings of one definition or one result: none where the signs do not add up. So a text is flagged exactly when there is a finding.
 */
export function settle(signals: readonly Signal[], { length }: { readonly length: number }): readonly Finding[] {
  const best = new Map<string, Signal>();
  for (const signal of signals) {
    const before = best.get(signal.kind);
    if (before === undefined || rank(signal) > rank(before)) best.set(signal.kind, signal);
  }
  const kinds = [...best.values()].sort((a, b) => rank(b) - rank(a));
  const sum = kinds.reduce((total, { weight }) => total + weight, 0);
  const isWorthy = kinds.some(({ isHard, weight }) => isHard || weight >= SOFT);
  if (!isWorthy && sum < SOFT * (1 + Math.min(1, length / LONG)) - 1e-9) return [];
  const isTogetherHard =
    sum >= HARD && length < LONG / 2 && kinds.filter(({ weight }) => weight >= 0.5).length >= KINDS;
  return kinds
    .filter(({ weight, isHard }) => isHard || weight >= 0.3)
    .map(({ kind, isHard, at, text }) => ({
      severity: isHard || isTogetherHard ? "hard" : "soft",
      kind,
      at,
      excerpt: forTerminal(text, { max: EXCERPT }),
    }));
}

function rank({ weight, isHard }: Signal): number {
  return (isHard ? 10 : 0) + weight;
}
