// Everything that is known about a tool call before a person is asked: what the rules say, the second question, and the Rule of Two.
import { type HookEvent, type Reason, strictest } from "#core";
import { decideAll, explainReason, type Judgement, type Settlement, settle, tellingReasons } from "#core/policy";
import { type Leg, type LegVerdict, type Observation, observationsOfEvent } from "#core/session";
import { classified } from "./classifier.ts";
import type { Guard, GuardedSession } from "./guarded-session.ts";

/** A call that has not happened. */
export type BeforeTool = Extract<HookEvent, { readonly kind: "before-tool" }>;
/** The same, or the agent's own question about it. */
export type ToolEvent = BeforeTool | Extract<HookEvent, { readonly kind: "permission" }>;

/** The weighing and what it was made from. */
export interface Weighed {
  readonly guard: Guard;
  readonly judgement: Judgement;
  readonly settled: Settlement;
  readonly third: LegVerdict;
  readonly would: readonly Observation[];
  readonly verdict: Judgement["verdict"];
}

/** By the rules, and in mode `auto` by the classifier where the policy names one. */
export function judged(event: ToolEvent, { judge, policy }: Guard, signal: AbortSignal): Promise<Judgement> {
  return classified(decideAll(judge, event.actions), event.actions, policy.auto.classifier, signal);
}

/** Puts everything together. Synchronous: what it says of the legs holds until somebody waits. */
export function weigh(event: ToolEvent, session: GuardedSession, guard: Guard, judgement: Judgement): Weighed {
  const { policy, judge } = guard;
  const settled = settle(judgement, {
    approvals: policy.approvals.policy,
    sandbox: policy.sandbox.mode,
    walls: (session.contained && !fetchesAfar(event)) || commandToFence(event, session) !== undefined,
    limited: [...judge.rules.deny, ...judge.rules.ask].some(({ rule }) => rule.tool === "Bash"),
  });
  const would = observationsOfEvent(event, guard.legs);
  const third = session.legs.judge(would, policy);
  // approval policy `never` has nobody to ask about legs either
  const byLegs = third.verdict === "ask" && policy.approvals.policy === "never" ? "deny" : third.verdict;
  return {
    guard,
    judgement,
    settled,
    third,
    would,
    verdict: strictest([settled.verdict, byLegs === "silent" ? "allow" : byLegs]),
  };
}

/** A page that the agent's provider fetches for it: no wall here stands around that, and its address carries what the agent puts into it. */
function fetchesAfar({ agent, actions }: ToolEvent): boolean {
  return (agent === "gemini" || agent === "cursor") && actions.some(({ kind }) => kind === "fetch");
}

/** The shell command of a call that this session would run in its fence. */
export function commandToFence(event: ToolEvent, session: GuardedSession): string | undefined {
  const [action, ...more] = event.actions;
  if (session.fenced === undefined || event.kind !== "before-tool" || !event.rewritable || more.length > 0)
    return undefined;
  return action.kind === "exec" ? action.command : undefined;
}

const THIRD = "it would be the third leg of the Rule of Two in this session";
const LEGS: Readonly<Record<Leg, string>> = { A: "what outsiders write", B: "what is private", C: "a way out" };

/** Why it is not simply allowed, as half sentences. */
export function wordsOf(weighed: Weighed): readonly string[] {
  const legs =
    weighed.third.verdict === "silent"
      ? []
      : [THIRD, ...weighed.third.causes.map(({ leg, cause }) => `leg ${leg}, ${LEGS[leg]}: ${cause}`)];
  const rules = weighed.settled.verdict === "allow" ? [] : asking(weighed);
  return [...rules.map((reason) => `\`${reason.subject}\`: ${explainReason(reason)}`), ...legs];
}

/** The reasons of the rules and of the second question, without those that only allow. */
export function asking({ judgement, settled }: Weighed): readonly Reason[] {
  const second = settled.reason === undefined ? [] : [settled.reason];
  return tellingReasons([...judgement.reasons, ...second]).filter((reason) => reason.verdict !== "allow");
}

/** The reasons that decided, for the record. */
export function reasonsOf({ judgement, settled }: Weighed): readonly Reason[] {
  const first = judgement.reasons.filter((reason) => reason.verdict === judgement.verdict);
  return settled.reason === undefined ? first : [settled.reason, ...first];
}
