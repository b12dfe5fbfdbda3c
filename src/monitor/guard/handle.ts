// The picture of DESIGN 4 for one hook event: action, decision, legs, approval, record, answer. The monitor sequences; each part is another
// room's. What throws or cannot be recorded is a refusal at the caller's (hook-answer.ts), so no path through here ends in a yes by accident.
import type { HookAnswer, HookEvent, Problem, Result } from "#core";
import type { Json } from "#core/log";
import { adviceOn, hintFor } from "#core/policy";
import { observationsOfEvent } from "#core/session";
import { ALLOWED, askedRefusalText, questionText, refusalText } from "./answer-text.ts";
import { callRecord, claimedBy, recordedReason } from "./call-record.ts";
import type { Asked, Guard, GuardedSession } from "./guarded-session.ts";
import { refusalWords } from "./hook-answer.ts";
import {
  asking,
  type BeforeTool,
  commandToFence,
  judged,
  reasonsOf,
  type ToolEvent,
  type Weighed,
  weigh,
  wordsOf,
} from "./weigh.ts";

type AfterTool = Extract<HookEvent, { readonly kind: "after-tool" }>;

const PASS: HookAnswer = { verdict: "pass", reason: "nothing to object to" };

/** Judges and records one event. Rejects when it cannot be recorded: then the agent is refused. `signal`: nobody waits any more. */
export async function handleHook(event: HookEvent, session: GuardedSession, signal: AbortSignal): Promise<HookAnswer> {
  switch (event.kind) {
    case "before-tool":
      return beforeTool(event, session, signal);
    case "permission":
      return onPermission(event, session, signal);
    case "after-tool":
      return afterTool(event, session);
    case "prompt":
    case "output":
      await session.append({
        type: event.kind === "prompt" ? "prompt" : "model.output",
        ...claimedBy(event),
        data: { event: event.event, text: event.text },
      });
      return PASS;
    case "session-start":
    case "session-end":
    case "notice":
      return PASS;
    default:
      return event satisfies never;
  }
}

async function beforeTool(event: BeforeTool, session: GuardedSession, signal: AbortSignal): Promise<HookAnswer> {
  const guard = await session.guard();
  if (!guard.ok) {
    await session.append(callRecord(event, { verdict: "deny", reasons: [{ code: "policy-unreadable" }] }));
    return { verdict: "deny", reason: guard.error.map(refusalWords).join("; ") };
  }
  const { weighed, asked, taken } = await decided(event, session, { guard: guard.value, signal });
  await taken?.recorded;
  if (asked?.verdict === "allow") {
    const codes = asking(weighed).map(({ code }) => code);
    session.passed?.add(event.actions, codes);
  }
  // Nobody of ours is there, but the agent has a person in front of it and obeys.
  const handedOver = asked?.by === "nobody" && event.asks === true && !session.contained;
  const verdict = handedOver ? "ask" : (asked?.verdict ?? weighed.verdict);
  if (handedOver && weighed.third.verdict === "ask") session.legs.handOver(event.toolUseId ?? "");
  const fenced = verdict === "deny" ? undefined : await fence(event, session, weighed);
  const refused = fenced?.ok === false ? refusalWords(fenced.error) : undefined;
  const final = refused === undefined ? verdict : "deny";
  await session.append(
    callRecord(event, {
      verdict: final,
      reasons: reasonsOf(weighed).map(recordedReason),
      ...(asked === undefined ? {} : { answer: answerOf(asked) }),
      ...(fenced === undefined ? {} : { fenced: fenced.ok }),
    }),
  );
  if (refused !== undefined) return { verdict: "deny", reason: refused };
  if (final === "deny") return { verdict: "deny", reason: refusal(event, weighed, asked) };
  const reason = final === "ask" ? questionText(wordsOf(weighed)) : (asked?.reason ?? ALLOWED);
  return { verdict: final, reason, ...(fenced?.ok === true ? { rewrite: fenced.value } : {}) };
}

/** What was decided. `taken`: the legs of an allowed call, set already; in an object, so that nobody waits for it by accident. */
interface Decided {
  readonly weighed: Weighed;
  readonly asked: Asked | undefined;
  readonly taken?: { readonly recorded: Promise<void> };
}

/**
 * Weighs the call and asks a person where that is what it takes. Legs are judged and set without a wait in between: of two calls at once the
 * second sees the first, and a leg that another call set while the person read is asked about as well.
 */
async function decided(
  event: BeforeTool,
  session: GuardedSession,
  { guard, signal }: { readonly guard: Guard; readonly signal: AbortSignal },
): Promise<Decided> {
  const judgement = await judged(event, guard, signal);
  const take = (weighed: Weighed, asked?: Asked): Decided => {
    if (weighed.third.verdict === "ask") session.legs.approve();
    return { weighed, asked, taken: { recorded: session.legs.take(weighed.would, guard.policy.legs) } };
  };
  const weighed = weigh(event, session, guard, judgement);
  if (weighed.verdict === "allow") return take(weighed);
  if (weighed.verdict === "deny") return { weighed, asked: undefined };
  const asked = await ask(event, session, weighed, signal);
  if (asked.verdict !== "allow") return { weighed, asked };
  const third = session.legs.judge(weighed.would, guard.policy);
  if (weighed.third.verdict !== "silent" || third.verdict === "silent") return take(weighed, asked);
  const changed = { ...weighed, third, verdict: third.verdict };
  if (third.verdict === "deny") return { weighed: changed, asked: undefined };
  const again = await ask(event, session, changed, signal);
  return again.verdict === "allow" ? take(changed, again) : { weighed: changed, asked: again };
}

/** The agent is about to ask its own user. A no of ours spares the question, and so does a yes; where we would ask, the user is asked. */
async function onPermission(event: ToolEvent, session: GuardedSession, signal: AbortSignal): Promise<HookAnswer> {
  const guard = await session.guard();
  if (!guard.ok) return { verdict: "deny", reason: guard.error.map(refusalWords).join("; ") };
  const weighed = weigh(event, session, guard.value, await judged(event, guard.value, signal));
  if (weighed.verdict === "deny") return { verdict: "deny", reason: refusal(event, weighed) };
  return weighed.verdict === "allow" ? { verdict: "allow", reason: ALLOWED } : PASS;
}

/** What happened: on record, and its legs, whether or not its call was seen before. */
async function afterTool(event: AfterTool, session: GuardedSession): Promise<HookAnswer> {
  const { failed, output } = event;
  if (event.toolUseId !== undefined) session.legs.happened(event.toolUseId);
  await session.append({ type: "tool.result", ...claimedBy(event), data: { tool: event.tool, failed, output } });
  const guard = await session.guard();
  if (guard.ok) await session.legs.take(observationsOfEvent(event, guard.value.legs), guard.value.policy.legs);
  return PASS;
}

function ask(event: BeforeTool, session: GuardedSession, weighed: Weighed, signal: AbortSignal): Promise<Asked> {
  const facts = {
    agent: event.agent,
    actions: event.actions,
    input: event.input,
    cwd: event.cwd,
    reasons: asking(weighed),
    legs: weighed.third.verdict === "silent" ? [] : weighed.third.causes.map(({ leg, cause }) => ({ leg, cause })),
  };
  return session.ask(facts, weighed.guard.judge, signal);
}

function answerOf({ by, scope, question }: Asked): Json {
  return { by, scope, ...(question === undefined ? {} : { question }) };
}

/** A `cd` and plain assignments touch nothing but the agent's own shell, which must keep them: those run where they were typed. */
const OF_THE_SHELL: ReadonlySet<string> = new Set(["free", "nothing-runs"]);

async function fence(
  event: BeforeTool,
  session: GuardedSession,
  { judgement }: Weighed,
): Promise<Result<string, Problem> | undefined> {
  const command = commandToFence(event, session);
  if (command === undefined || judgement.reasons.every(({ code }) => OF_THE_SHELL.has(code))) return undefined;
  return session.fenced?.(command, event.cwd);
}

function refusal(event: ToolEvent, weighed: Weighed, asked?: Asked): string {
  const { verdict, reason: second } = weighed.settled;
  // where the second question decided, what would change the first is no help
  const hint = verdict === "deny" && second !== undefined ? hintFor(second) : undefined;
  const advice = hint === undefined ? adviceOn(weighed.guard.judge, event.actions, weighed.judgement) : [hint];
  // one that was never put to anybody has no number that a person could type
  if (asked !== undefined)
    return askedRefusalText(wordsOf(weighed), asked.reason, asked.by === "flood" ? advice : undefined);
  return refusalText(wordsOf(weighed), verdict === "deny" ? advice : [NEW_SESSION]);
}

const NEW_SESSION = "a new session starts without legs; `ruleOfTwo: ask` in the policy asks instead";
