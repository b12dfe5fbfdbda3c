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
  /** A person has said yes to all three together. */
  readonly approved?: true;
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

/** A person said yes to the third leg: it is not asked again in this session. */
export function approveLegs(state: LegState): LegState {
  return { ...state, approved: true };
}

/** What the Rule of Two says of an act. `causes`: one for each leg, the act's own among them. `sets`: the legs that the act speaks of. */
export type LegVerdict =
  | { readonly verdict: "silent" }
  | { readonly verdict: "ask" | "deny"; readonly causes: readonly LegCause[]; readonly sets: readonly Leg[] };

/**
 * Judges an act by what it would set. Silent while at most two legs are set afterwards, and after `approveLegs`. A third leg that a wall
 * saw too late to ask is asked at the next act that speaks of any leg. `off` is always silent; `deny` is not softened by an approval.
 */
export function judgeLegs(
  state: LegState,
  would: readonly Observation[],
  rule: { readonly ruleOfTwo: "off" | "ask" | "deny"; readonly legs: LegPolicy },
): LegVerdict {
  const sets = LEGS.filter((leg) => would.some(({ source }) => legsOf(source, rule.legs).includes(leg)));
  const causes = causesOf(would.reduce((next, observation) => observe(next, observation, rule.legs), state));
  if (rule.ruleOfTwo === "off" || sets.length === 0 || causes.length < LEGS.length) return { verdict: "silent" };
  if (rule.ruleOfTwo === "ask" && state.approved === true) return { verdict: "silent" };
  return { verdict: rule.ruleOfTwo, causes, sets };
}
