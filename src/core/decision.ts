// What the policy decided and why. Reasons are codes and data; `policy/explain.ts` alone makes sentences of them.
import type { Span } from "./result.ts";
import type { Verdict } from "./verdict.ts";

/** One reason of a decision: a rule that matched, or why something stays unknown. */
export interface Reason {
  /** Stable word: `rule-matched`, `no-rule`, `unknown-program`, `not-constant`, `protected-path`, … */
  readonly code: string;
  readonly verdict: Verdict;
  /** The simple command, path, host or tool this is about. */
  readonly subject: string;
  /** The rule as written, when one matched. */
  readonly rule?: string;
  /** Where the rule stands, or where in the shell text the unknown part stands. */
  readonly at?: Span;
  /** What would change the answer. */
  readonly hint?: string;
}

/** Something the enforcers must do for the verdict to hold. */
export type Obligation = "sandbox" | "hold" | "redact";

/** The verdict with every rule that matched (I9: each names rule and file:line). */
export interface Decision {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly obligations: readonly Obligation[];
}
