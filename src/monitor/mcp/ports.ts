// The gateway's judgement: each call, result and wish of one connection goes through the same rules, legs, questions and record as an agent's own tools
// (DESIGN 4). What throws or cannot be recorded is a refusal at the gatekeeper's, so no path through here ends in a yes by accident.
import type { Reason } from "#core";
import { type Json, member } from "#core/mcp";
import { adviceOn, decideAll, explainReason, hintFor, type Judgement } from "#core/policy";
import { type Observation, outcomeSources } from "#core/session";
import { forTerminal } from "#core/text";
import type { McpCall, McpOutcome, McpPorts, McpServerRequest, McpVerdict } from "#mcp";
import { askedRefusalText, refusalText } from "../guard/answer-text.ts";
import { classified } from "../guard/classifier.ts";
import type { Asked, Guard } from "../guard/guarded-session.ts";
import { refusalWords } from "../guard/hook-answer.ts";
import { asking, reasonsOf, type Weighed, wordsOf } from "../guard/weigh.ts";
import { actOf, type McpAction, plain, toldText } from "./call-act.ts";
import { CallMemory } from "./call-memory.ts";
import { callBody, eventBody, resultBody } from "./call-record.ts";
import { divided, weighCall } from "./call-weigh.ts";
import type { McpSession } from "./mcp-session.ts";
import { secretIn } from "./secret-in.ts";
import { judgeWish, wishesInError } from "./wish.ts";

const ALLOW: McpVerdict = { verdict: "allow" };

/** The ports of one connection. */
export function openMcpPorts(session: McpSession): McpPorts {
  return new Ports(session);
}

class Ports implements McpPorts {
  readonly #session: McpSession;
  readonly #memory = new CallMemory();
  readonly #ids = new WeakMap<McpCall, string>();
  #count = 0;

  constructor(session: McpSession) {
    this.#session = session;
  }

  async call(call: McpCall, signal: AbortSignal): Promise<McpVerdict> {
    const { guarded } = this.#session;
    const guard = await guarded.guard();
    const id = this.#idOf(call);
    if (!guard.ok) {
      const reason: Reason = { code: "policy-unreadable", verdict: "deny", subject: call.tool ?? call.method };
      await guarded.append(callBody(this.#session, call, { id, verdict: "deny", reasons: [reason] }));
      return { verdict: "deny", text: guard.error.map(refusalWords).join("; ") };
    }
    const act = actOf(call);
    const secret = await secretIn(() => toldText(call), this.#session.leaks);
    if (secret !== undefined) return this.#holdsSecret(call, act, id, secret);
    const resumes = this.#memory.resumes(call);
    const judgement = await judged(act, guard.value, signal);
    const decided = await this.#decided({ call, act, guard: guard.value, judgement, resumes, signal });
    await decided.taken;
    const { weighed, asked } = decided;
    const verdict = decided.passes ? "allow" : "deny";
    const reasons = reasonsOf(weighed);
    await guarded.append(callBody(this.#session, call, { id, verdict, reasons, asked, resumes }));
    return verdict === "allow" ? ALLOW : { verdict, text: refusal(weighed, act, asked) };
  }

  async #holdsSecret(call: McpCall, act: McpAction, id: string, secret: string): Promise<McpVerdict> {
    const reason: Reason = { code: "secret-in-arguments", verdict: "deny", subject: `mcp__${act.server}__${act.tool}` };
    const about = { id, verdict: "deny" as const, reasons: [reason], secret };
    await this.#session.guarded.append(callBody(this.#session, call, about));
    const named = forTerminal(secret, { max: 120 });
    this.#session.tell(`\`${named}\` stood in a call of ${reason.subject}: it did not reach the server`);
    return { verdict: "deny", text: refusalText([`${explainReason(reason)} (${secret})`], [hintFor(reason) ?? ""]) };
  }

  /**
   * Weighs the call and asks a person where that is what it takes. Legs are judged and set without a wait in between, as in guard/handle.ts: a leg that
   * another call set while the person read is asked about as well.
   */
  async #decided(parts: CallParts): Promise<Decided> {
    const { guard, resumes, signal } = parts;
    const { legs, passed } = this.#session.guarded;
    const take = (weighed: Weighed, asked?: Asked): Decided => {
      if (weighed.third.verdict === "ask") legs.approve();
      const { now, later } = divided(weighed.would, guard);
      this.#memory.expect(parts.call, later);
      return { weighed, asked, passes: true, taken: legs.take(now, guard.policy.legs) };
    };
    const weighed = weighCall(this.#session, parts);
    if (weighed.verdict === "allow") return take(weighed);
    if (weighed.verdict === "deny") return { weighed, asked: undefined, passes: false };
    // it passed already: the server only wanted to know more, or a person answered the agent's hook about it
    const known = (): boolean =>
      passed?.take(
        parts.act,
        asking(weighed).map(({ code }) => code),
      ) === true;
    if (weighed.third.verdict === "silent" && (resumes || known())) return take(weighed);
    const asked = await this.#ask(parts.act, weighed, signal);
    if (asked.verdict !== "allow") return { weighed, asked, passes: false };
    const third = legs.judge(weighed.would, guard.policy);
    if (weighed.third.verdict !== "silent" || third.verdict === "silent") return take(weighed, asked);
    const changed = { ...weighed, third, verdict: third.verdict };
    if (third.verdict === "deny") return { weighed: changed, asked: undefined, passes: false };
    const again = await this.#ask(parts.act, changed, signal);
    return again.verdict === "allow" ? take(changed, again) : { weighed: changed, asked: again, passes: false };
  }

  #ask(act: McpAction, weighed: Weighed, signal: AbortSignal): Promise<Asked> {
    const { guarded, client, root, server } = this.#session;
    const legs = weighed.third.verdict === "silent" ? [] : weighed.third.causes;
    const facts = {
      agent: client ?? `the client of ${server}`,
      actions: [act] as const,
      cwd: root,
      reasons: asking(weighed),
      legs: legs.map(({ leg, cause }) => ({ leg, cause })),
    };
    return guarded.ask({ ...facts, actions: [act] }, weighed.guard.judge, signal);
  }

  async result(outcome: McpOutcome, signal: AbortSignal): Promise<McpVerdict> {
    const { call, findings } = outcome;
    const { guarded, policy } = this.#session;
    const id = call === undefined ? undefined : this.#idOf(call);
    const known = id === undefined ? {} : { id };
    const guard = await guarded.guard();
    const subject = call === undefined ? outcome.method : `mcp__${call.server}__${call.tool ?? call.method}`;
    const says = (code: string, verdict: Reason["verdict"]): Reason => ({ code, verdict, subject });
    const refused = async (reasons: readonly Reason[], asked?: Asked): Promise<McpVerdict> => {
      await guarded.append(resultBody(this.#session, outcome, { ...known, verdict: "deny", reasons, asked }));
      return { verdict: "deny", text: heldText(reasons, outcome, asked) };
    };
    if (!guard.ok) return refused([says("policy-unreadable", "deny")]);
    if (findings.some(({ severity }) => severity === "hard")) return refused([says("hard-finding", "deny")]);
    const address = await this.#wishesOf(outcome, guard.value, signal);
    if (address !== undefined) {
      await refused([says("elicitation-url", "deny")]);
      return address;
    }
    const brought = this.#brought(outcome, guard.value);
    const third = guarded.legs.judge(brought, guard.value.policy);
    const soft = findings.length > 0 && policy.mcp.results === "hold" ? [says("soft-finding", "ask")] : [];
    const reasons = [...soft, ...(third.verdict === "silent" ? [] : [says("third-leg", third.verdict)])];
    const isFinal = third.verdict === "deny" || guard.value.policy.approvals.policy === "never";
    if (reasons.length > 0 && isFinal) return refused(reasons.map((reason) => ({ ...reason, verdict: "deny" })));
    let asked: Asked | undefined;
    if (reasons.length > 0) {
      const causes = third.verdict === "silent" ? [] : third.causes.map(({ leg, cause }) => ({ leg, cause }));
      const act = call === undefined ? actWithout(outcome) : actOf(call);
      const agent = this.#session.client ?? `the client of ${this.#session.server}`;
      const facts = { agent, cwd: this.#session.root, reasons, legs: causes };
      asked = await guarded.ask({ ...facts, actions: [act] }, guard.value.judge, signal);
      if (asked.verdict !== "allow") return refused(reasons, asked);
      if (third.verdict === "ask") guarded.legs.approve();
    }
    await guarded.legs.take(brought, guard.value.policy.legs);
    const state = member(outcome.result, "requestState");
    const isAsking = member(outcome.result, "resultType") === "input_required";
    if (call !== undefined && isAsking && typeof state === "string") this.#memory.interrupted(call, state);
    await guarded.append(resultBody(this.#session, outcome, { ...known, verdict: "allow", reasons, asked }));
    return ALLOW;
  }

  /** An error that sends the person to addresses is a wish for each of them; the refusal of the first that is refused. */
  async #wishesOf(
    { error, call, server }: McpOutcome,
    guard: Guard,
    signal: AbortSignal,
  ): Promise<McpVerdict | undefined> {
    const wishes = wishesInError(error);
    if (wishes === undefined) return { verdict: "deny", text: refusalText([UNJUDGED_WISH], []) };
    for (const params of wishes) {
      const wish = {
        server,
        method: "elicitation/create" as const,
        params,
        era: call?.era ?? ("legacy" as const),
        findings: [],
      };
      const verdict = await judgeWish(
        this.#session,
        { ...wish, ...(call === undefined ? {} : { call }) },
        guard,
        signal,
      );
      if (verdict.verdict === "deny") return verdict;
    }
    return undefined;
  }

  /** What the answer brings: what its call spoke of, and what it hands over. One that tries something is an outsider's word, whosever server it is. */
  #brought({ call, result, findings, server, method }: McpOutcome, guard: Guard): readonly Observation[] {
    const cause = `an answer of mcp__${server}__${call?.tool ?? call?.method ?? ""}`;
    const as = (source: Observation["source"], what = cause): Observation => ({
      source,
      cause: what,
      origin: "observed",
    });
    // of a task whose call is forgotten nobody knows what it spoke of
    const unknown = call === undefined && method.startsWith("tasks/") ? [as("mcp-result")] : [];
    const odd = findings.length > 0 ? [as("mcp-result", `${cause}, in which screening found something`)] : [];
    return [
      ...this.#memory.brought(call),
      ...outcomeSources(plain(result), guard.legs).map((one) => as(one)),
      ...unknown,
      ...odd,
    ];
  }

  async ask(request: McpServerRequest, signal: AbortSignal): ReturnType<McpPorts["ask"]> {
    const guard = await this.#session.guarded.guard();
    if (!guard.ok) return { verdict: "deny", text: guard.error.map(refusalWords).join("; ") };
    return judgeWish(this.#session, request, guard.value, signal);
  }

  async note(event: Parameters<McpPorts["note"]>[0]): Promise<void> {
    await this.#session.guarded.append(eventBody(this.#session, event));
  }

  redact(text: string): string {
    return this.#session.redact(text);
  }

  #idOf(call: McpCall): string {
    const known = this.#ids.get(call) ?? `r${++this.#count}`;
    this.#ids.set(call, known);
    return known;
  }
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

const UNJUDGED_WISH = "its server wants a person to open addresses, in no form that can be judged";
const NEW_SESSION = "a new session starts without legs; `ruleOfTwo: ask` in the policy asks instead";
const KINDS_MOST = 5;

/** A result that is not handed over: what was found in it by its kind, never its text. */
function heldText(reasons: readonly Reason[], { findings }: McpOutcome, asked: Asked | undefined): string {
  const kinds = [...new Set(findings.map(({ kind }) => kind))].slice(0, KINDS_MOST);
  const found = kinds.length === 0 ? "" : ` (${kinds.join(", ")})`;
  const why = reasons.map((reason) => `\`${reason.subject}\`: ${explainReason(reason)}${found}`);
  if (asked !== undefined) return askedRefusalText(why, asked.reason);
  return refusalText(
    why,
    reasons.map(hintFor).filter((hint) => hint !== undefined),
  );
}

/** An answer to something else than a call, as a question shows it. */
function actWithout({ server, method, result }: McpOutcome): McpAction {
  return { kind: "mcp", server, tool: method, input: plain(result as Json | undefined), apart: true };
}
