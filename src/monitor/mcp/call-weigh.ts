// Everything that is known about an MCP call before a person is asked: rules, what its server says of the tool, what holds the server, and the Rule of Two.
import { type Reason, strictest } from "#core";
import { type Judgement, settle } from "#core/policy";
import { legsOf, type Observation, observationsOf, plainlyReads, plainlyWrites } from "#core/session";
import type { McpCall } from "#mcp";
import type { Guard } from "../guard/guarded-session.ts";
import type { Weighed } from "../guard/weigh.ts";
import type { McpAction } from "./call-act.ts";
import type { McpSession } from "./mcp-session.ts";

/** A call, its act, and what is judged with. */
export interface CallParts {
  readonly call: McpCall;
  readonly act: McpAction;
  readonly guard: Guard;
  readonly judgement: Judgement;
}

/** Puts everything together. Synchronous: what it says of the legs holds until somebody waits. */
export function weighCall(session: McpSession, { call, act, guard, judgement }: CallParts): Weighed {
  const { policy } = guard;
  const told = withWord(judgement, call, act, session.confined);
  const settled = settle(told, {
    approvals: policy.approvals.policy,
    sandbox: policy.sandbox.mode,
    walls: true,
    limited: false,
    // whether such a tool only reads cannot be proved
    serverHeld: guard.judge.mode !== "plan" && (session.confined || plainlyReads(act.tool)),
  });
  const would = observationsOfCall(session, call, act, guard);
  const third = session.guarded.legs.judge(would, policy);
  // approval policy `never` has nobody to ask about legs either
  const byLegs = third.verdict === "ask" && policy.approvals.policy === "never" ? "deny" : third.verdict;
  const verdict = strictest([settled.verdict, byLegs === "silent" ? "allow" : byLegs]);
  return { guard, judgement: told, settled, third, would, verdict };
}

/** What the server says of its tool only tightens, and only where no rule of the person's names the call. */
function withWord(judgement: Judgement, call: McpCall, act: McpAction, confined: boolean): Judgement {
  if (judgement.verdict !== "ask" || confined || !judgement.reasons.some(({ code }) => code === "no-rule"))
    return judgement;
  const subject = `mcp__${act.server}__${act.tool}`;
  const asks = (code: string): Reason => ({ code, verdict: "ask", subject });
  const says = (hint: string): boolean => call.annotations?.[hint] === true;
  const more = [
    ...(says("destructiveHint") ? [asks("server-destroys")] : []),
    ...(isMisleading(call) ? [asks("server-misleads")] : []),
  ];
  return more.length === 0 ? judgement : { ...judgement, reasons: [...judgement.reasons, ...more] };
}

/** A tool that its server calls read-only, and whose name says that it changes something. */
export function isMisleading({ tool, annotations }: McpCall): boolean {
  return annotations?.["readOnlyHint"] === true && tool !== undefined && plainlyWrites(tool);
}

/** What the call speaks of. Nothing leaves a fence that has no way out; a server that calls its world open reaches strangers. */
function observationsOfCall(
  session: McpSession,
  call: McpCall,
  act: McpAction,
  { legs }: Guard,
): readonly Observation[] {
  const named = observationsOf(act, legs, "observed");
  const open = call.annotations?.["openWorldHint"] === true && !session.confined;
  const cause = `called mcp__${act.server}__${act.tool}, which its server says reaches an open world`;
  const said: readonly Observation[] = open ? [{ source: "web", cause, origin: "claimed" }] : [];
  return [...named.filter(({ source }) => !session.confined || source !== "mcp-write"), ...said];
}

/** The observations that happen with the call itself, and those that come with its answer. */
export function divided(
  would: readonly Observation[],
  { policy }: Guard,
): { readonly now: readonly Observation[]; readonly later: readonly Observation[] } {
  const leaves = ({ source }: Observation): boolean => legsOf(source, policy.legs).includes("C");
  return { now: would.filter(leaves), later: would.filter((observation) => !leaves(observation)) };
}
