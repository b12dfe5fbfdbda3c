// One call of a client, from its act to its line on record: secrets, rules, legs, a person. What throws or cannot be recorded is a refusal at the
// gatekeeper's, so no path through here ends in a yes by accident.
import type { Reason } from "#core";
import { adviceOn, decideAll, explainReason, hintFor, type Judgement } from "#core/policy";
import { forTerminal } from "#core/text";
import type { McpCall, McpVerdict } from "#mcp";
import { askedRefusalText, refusalText } from "../guard/answer-text.ts";
import { classified } from "../guard/classifier.ts";
import type { Asked, Guard } from "../guard/guarded-session.ts";
import { refusalWords } from "../guard/hook-answer.ts";
import { asking, reasonsOf, type Weighed, wordsOf } from "../guard/weigh.ts";
import { actOf, type McpAction, toldText } from "./call-act.ts";
import type { CallMemory } from "./call-memory.ts";
import { callBody } from "./call-record.ts";
import { divided, weighCall } from "./call-weigh.ts";
import { askerOf, type McpSession } from "./mcp-session.ts";
import { secretIn } from "./secret-in.ts";

/** Judges a call and puts its intent on record; resolves once that is durable (I6). */
export async function judgeCall(
  session: McpSession,
  memory: CallMemory,
  call: McpCall,
  signal: AbortSignal,
): Promise<McpVerdict> {
  const { guarded } = session;
  const guard = await guarded.guard();
  const id = memory.idOf(call);
  if (!guard.ok) {
    const reason: Reason = { code: "policy-unreadable", verdict: "deny", subject: call.tool ?? call.method };
    await guarded.append(callBody(session, call, { id, verdict: "deny", reasons: [reason] }));
    return { verdict: "deny", text: guard.error.map(refusalWords).join("; ") };
  }
  const act = actOf(call);
  const secret = await secretIn(() => toldText(call), session.leaks);
  if (secret !== undefined) return holdsSecret(session, call, { act, id, secret });
  const resumes = memory.resumes(call);
  const judgement = await judged(act, guard.value, signal);
  const decision = await decided(session, memory, { call, act, guard: guard.value, judgement, resumes, signal });
  await decision.taken;
  const { weighed, asked } = decision;
  const verdict = decision.passes ? "allow" : "deny";
  await guarded.append(callBody(session, call, { id, verdict, reasons: reasonsOf(weighed), asked, resumes }));
  return verdict === "allow" ? { verdict } : { verdict, text: refusal(weighed, act, asked) };
}

interface Holds {
  readonly act: McpAction;
  readonly id: string;
  /** Its name. */
  readonly secret: string;
}

async function holdsSecret(session: McpSession, call: McpCall, { act, id, secret }: Holds): Promise<McpVerdict> {
  const reason: Reason = { code: "secret-in-arguments", verdict: "deny", subject: `mcp__${act.server}__${act.tool}` };
  await session.guarded.append(callBody(session, call, { id, verdict: "deny", reasons: [reason], secret }));
  const shown = (text: string): string => forTerminal(text, { max: 120 });
  session.tell(`\`${shown(secret)}\` stood in a call of ${shown(reason.subject)}: it did not reach the server`);
  return { verdict: "deny", text: refusalText([`${explainReason(reason)} (${secret})`], [hintFor(reason) ?? ""]) };
}

interface CallParts {
  readonly call: McpCall;
  readonly act: McpAction;
  readonly guard: Guard;
  readonly judgement: Judgement;
  /** It is the retry of a call that passed. */
  readonly resumes: boolean;
  readonly signal: AbortSignal;
}

interface Decided {
  readonly weighed: Weighed;
  readonly asked: Asked | undefined;
  readonly passes: boolean;
  /** The legs of a call that passes, set already. */
  readonly taken?: Promise<void>;
}

/**
 * Weighs the call and asks a person where that is what it takes. Legs are judged and set without a wait in between, as in guard/handle.ts: a leg that
 * another call set while the person read is asked about as well.
 */
async function decided(session: McpSession, memory: CallMemory, parts: CallParts): Promise<Decided> {
  const { act, guard, resumes, signal } = parts;
  const { legs, passed } = session.guarded;
  const take = (weighed: Weighed, asked?: Asked): Decided => {
    if (weighed.third.verdict === "ask") legs.approve();
    const { now, later } = divided(weighed.would, guard);
    memory.expect(parts.call, later);
    return { weighed, asked, passes: true, taken: legs.take(now, guard.policy.legs) };
  };
  const weighed = weighCall(session, parts);
  if (weighed.verdict === "allow") return take(weighed);
  if (weighed.verdict === "deny") return { weighed, asked: undefined, passes: false };
  // it passed already: the server only wanted to know more, or a person answered the agent's hook about it
  const codes = asking(weighed).map(({ code }) => code);
  if (weighed.third.verdict === "silent" && (resumes || passed?.take(act, codes) === true)) return take(weighed);
  const asked = await ask(session, act, weighed, signal);
  if (asked.verdict !== "allow") return { weighed, asked, passes: false };
  const third = legs.judge(weighed.would, guard.policy);
  if (weighed.third.verdict !== "silent" || third.verdict === "silent") return take(weighed, asked);
  const changed = { ...weighed, third, verdict: third.verdict };
  if (third.verdict === "deny") return { weighed: changed, asked: undefined, passes: false };
  const again = await ask(session, act, changed, signal);
  return again.verdict === "allow" ? take(changed, again) : { weighed: changed, asked: again, passes: false };
}

function ask(session: McpSession, act: McpAction, weighed: Weighed, signal: AbortSignal): Promise<Asked> {
  const causes = weighed.third.verdict === "silent" ? [] : weighed.third.causes;
  const legs = causes.map(({ leg, cause }) => ({ leg, cause }));
  const facts = { agent: askerOf(session), cwd: session.root, reasons: asking(weighed), legs };
  return session.guarded.ask({ ...facts, actions: [act] }, weighed.guard.judge, signal);
}

function judged(act: McpAction, { judge, policy }: Guard, signal: AbortSignal): Promise<Judgement> {
  return classified(decideAll(judge, [act]), [act], policy.auto.classifier, signal);
}

function refusal(weighed: Weighed, act: McpAction, asked: Asked | undefined): string {
  const { verdict, reason } = weighed.settled;
  const hint = verdict === "deny" && reason !== undefined ? hintFor(reason) : undefined;
  const advice = hint === undefined ? adviceOn(weighed.guard.judge, [act], weighed.judgement) : [hint];
  if (asked !== undefined)
    return askedRefusalText(wordsOf(weighed), asked.reason, asked.by === "flood" ? advice : undefined);
  return refusalText(wordsOf(weighed), verdict === "deny" ? advice : [NEW_SESSION]);
}

const NEW_SESSION = "a new session starts without legs; `ruleOfTwo: ask` in the policy asks instead";
