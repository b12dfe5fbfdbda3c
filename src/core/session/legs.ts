// The Rule of Two as a pure fold (TRI-1, TRI-2): observations in, legs with their causes out. Two legs are silent; the third asks once.
// Nothing here clears a leg: what a session has read it cannot unread, so only a new session starts without legs.
import type { Origin } from "../log/index.ts";
import { type Leg, type LegPolicy, type LegSource, legsOf } from "./leg-policy.ts";

/** One thing that was seen, or is about to be: where it comes from, and in a few words what it was. Texts are an adversary's. */
export interface Observation {
  readonly source: LegSource;
  /** Half a sentence: `read ~/.aws/credentials`. */
  readonly cause: string;
  /** `observed` by a wall or the supervisor; `claimed` by an agent's hook. */
  readonly origin: Origin;
}

/** Why a leg is set. */
export interface LegCause extends Observation {
  readonly leg: Leg;
}

/** The legs of one session; a leg that is absent is not set. */
export interface LegState {
  readonly A?: LegCause;
  readonly B?: LegCause;
  readonly C?: LegCause;
}

/** A new session. */
export const NO_LEGS: LegState = {};

const LEGS = ["A", "B", "C"] as const;

/** Longest cause that is kept; the record and a question have bounds of their own. */
const CAUSE_MOST = 200;

/**
 * One observation later. The first cause of a leg stays, but what a wall saw takes the place of what was only claimed. Never unsets;
 * which legs are set does not depend on the order.
 */
export function observe(state: LegState, observation: Observation, policy: LegPolicy): LegState {
  const legs = legsOf(observation.source, policy).filter((leg) => {
    const known = state[leg];
    return known === undefined || (known.origin === "claimed" && observation.origin === "observed");
  });
  if (legs.length === 0) return state;
  const cause = observation.cause.slice(0, CAUSE_MOST);
  return legs.reduce<LegState>((next, leg) => ({ ...next, [leg]: { ...observation, cause, leg } }), state);
}

/** The causes that `after` has and `before` has not: what goes on record as `leg.set`. */
export function newCauses(before: LegState, after: LegState): readonly LegCause[] {
  return LEGS.flatMap((leg) => (after[leg] === undefined || after[leg] === before[leg] ? [] : [after[leg]]));
}

/** The causes of the legs that are set, A first. */
export function causesOf(state: LegState): readonly LegCause[] {
  return LEGS.flatMap((leg) => state[leg] ?? []);
}

/** What the Rule of Two says of an act. `causes`: one for each leg, the act's own among them. `completes`: the legs that the act would set. */
export type LegVerdict =
  | { readonly verdict: "silent" }
  | { readonly verdict: "ask" | "deny"; readonly causes: readonly LegCause[]; readonly completes: readonly Leg[] };

/**
 * Judges an act by what it would set. Silent while at most two legs are set afterwards, and again once the third was approved, because
 * then the state holds it. `off` is always silent.
 */
export function judgeLegs(
  state: LegState,
  would: readonly Observation[],
  rule: { readonly ruleOfTwo: "off" | "ask" | "deny"; readonly legs: LegPolicy },
): LegVerdict {
  const after = would.reduce((next, observation) => observe(next, observation, rule.legs), state);
  const completes = LEGS.filter((leg) => state[leg] === undefined && after[leg] !== undefined);
  const causes = causesOf(after);
  if (rule.ruleOfTwo === "off" || completes.length === 0 || causes.length < LEGS.length) return { verdict: "silent" };
  return { verdict: rule.ruleOfTwo, causes, completes };
}
