// One answer of a server before its client reads it: what screening found, what it wants of a person, which legs it brings, and its line on record.
import type { Reason } from "#core";
import { findingWords, member } from "#core/mcp";
import { explainReason, hintFor } from "#core/policy";
import { type LegVerdict, type Observation, outcomeSources } from "#core/session";
import { forTerminal } from "#core/text";
import type { McpOutcome, McpVerdict } from "#mcp";
import { askedRefusalText, refusalText } from "../guard/answer-text.ts";
import type { Asked, Guard } from "../guard/guarded-session.ts";
import { actOf, type McpAction, plain } from "./call-act.ts";
import type { CallMemory } from "./call-memory.ts";
import { resultBody } from "./call-record.ts";
import { askerOf, type McpSession } from "./mcp-session.ts";
import { isFailed, tellRefusedHosts } from "./refused-hosts.ts";
import { tellOnce } from "./tell-once.ts";
import { judgeWish, wishesInError } from "./wish.ts";

/** Judges an answer; resolves once it is on record, and only then it may be handed over. */
export async function judgeResult(
  session: McpSession,
  memory: CallMemory,
  outcome: McpOutcome,
  signal: AbortSignal,
): Promise<McpVerdict> {
  const { call, findings } = outcome;
  const { guarded } = session;
  if (call !== undefined && isFailed(outcome)) tellRefusedHosts(session);
  const id = call === undefined ? {} : { id: memory.idOf(call) };
  const refused = async (reasons: readonly Reason[], asked?: Asked, text?: string): Promise<McpVerdict> => {
    await guarded.append(resultBody(session, outcome, { ...id, verdict: "deny", reasons, asked }));
    const [reason] = reasons;
    if (reason !== undefined) tellOnce(session, heldLine(reason, outcome));
    return { verdict: "deny", text: text ?? heldText(reasons, outcome, asked) };
  };
  const guard = await guarded.guard();
  if (!guard.ok) return refused([reasonOf(outcome, "policy-unreadable", "deny")]);
  if (findings.some(({ severity }) => severity === "hard")) return refused([reasonOf(outcome, "hard-finding", "deny")]);
  const sent = await refusedWish(session, outcome, guard.value, signal);
  if (sent !== undefined) return refused([reasonOf(outcome, "elicitation-url", "deny")], undefined, sent);
  const passing = await weighed(session, {
    outcome,
    guard: guard.value,
    signal,
    brought: brought(memory, outcome, guard.value),
  });
  if (!passing.passes) return refused(passing.reasons, passing.asked);
  await passing.taken;
  const state = member(outcome.result, "requestState");
  const isAsking = member(outcome.result, "resultType") === "input_required";
  if (call !== undefined && isAsking && typeof state === "string") memory.interrupted(call, state);
  const { reasons, asked } = passing;
  await guarded.append(resultBody(session, outcome, { ...id, verdict: "allow", reasons, asked }));
  return { verdict: "allow" };
}

interface ResultParts {
  readonly outcome: McpOutcome;
  readonly guard: Guard;
  readonly brought: readonly Observation[];
  readonly signal: AbortSignal;
}

interface Weighing {
  readonly passes: boolean;
  readonly reasons: readonly Reason[];
  readonly asked?: Asked | undefined;
  /** The legs of an answer that passes, set already. */
  readonly taken?: Promise<void>;
}

/** Soft findings where the policy holds them, and the third leg. What came up while a person read is asked about as well. */
async function weighed(session: McpSession, parts: ResultParts): Promise<Weighing> {
  const { outcome, guard, brought: seen } = parts;
  const { guarded, policy } = session;
  const isHeld = outcome.findings.length > 0 && policy.mcp.results === "hold";
  const soft = isHeld ? [reasonOf(outcome, "soft-finding", "ask")] : [];
  const judge = (): LegVerdict => guarded.legs.judge(seen, guard.policy);
  const round = async (third: LegVerdict, open: readonly Reason[], before?: Asked): Promise<Weighing> => {
    const leg = third.verdict === "silent" ? [] : [reasonOf(outcome, "third-leg", third.verdict)];
    const reasons = [...open, ...leg];
    if (reasons.length === 0)
      return { passes: true, reasons: soft, asked: before, taken: guarded.legs.take(seen, guard.policy.legs) };
    if (third.verdict === "deny" || guard.policy.approvals.policy === "never")
      return { passes: false, reasons: reasons.map((reason) => ({ ...reason, verdict: "deny" })) };
    const asked = await ask(session, parts, reasons, third);
    if (asked.verdict !== "allow") return { passes: false, reasons, asked };
    if (third.verdict === "ask") guarded.legs.approve();
    return round(judge(), [], asked);
  };
  return round(judge(), soft);
}

function ask(session: McpSession, parts: ResultParts, reasons: readonly Reason[], third: LegVerdict): Promise<Asked> {
  const { outcome, guard, signal } = parts;
  const legs = third.verdict === "silent" ? [] : third.causes.map(({ leg, cause }) => ({ leg, cause }));
  const act = outcome.call === undefined ? actWithout(outcome) : actOf(outcome.call);
  const facts = { agent: askerOf(session), cwd: session.root, reasons, legs };
  return session.guarded.ask({ ...facts, actions: [act] }, guard.judge, signal);
}

/** An error that sends the person to addresses is a wish for each of them: the refusal of the first that is refused. */
async function refusedWish(
  session: McpSession,
  { error, call, server }: McpOutcome,
  guard: Guard,
  signal: AbortSignal,
): Promise<string | undefined> {
  const wishes = wishesInError(error);
  if (wishes === undefined) return refusalText([UNJUDGED_WISH], []);
  const common = { server, method: "elicitation/create", era: call?.era ?? "legacy", findings: [] } as const;
  for (const params of wishes) {
    const wish = { ...common, params, ...(call === undefined ? {} : { call }) };
    const verdict = await judgeWish(session, wish, guard, signal);
    if (verdict.verdict === "deny") return verdict.text;
  }
  return undefined;
}

const UNJUDGED_WISH = "its server wants a person to open addresses, in no form that can be judged";

/** What the answer brings: what its call spoke of, and what it hands over. One that tries something is an outsider's word, whosever server it is. */
function brought(memory: CallMemory, outcome: McpOutcome, guard: Guard): readonly Observation[] {
  const { call, result, findings, server, method } = outcome;
  const cause = `an answer of mcp__${server}__${call?.tool ?? call?.method ?? method}`;
  const as = (source: Observation["source"], what = cause): Observation => ({
    source,
    cause: what,
    origin: "observed",
  });
  // of a task whose call is forgotten nobody knows what it spoke of
  const unknown = call === undefined && method.startsWith("tasks/") ? [as("mcp-result")] : [];
  const odd = findings.length > 0 ? [as("mcp-result", `${cause}, in which screening found something`)] : [];
  const handed = outcomeSources(plain(result), guard.legs).map((source) => as(source));
  return [...memory.brought(call), ...handed, ...unknown, ...odd];
}

function reasonOf({ call, method }: McpOutcome, code: string, verdict: Reason["verdict"]): Reason {
  const subject = call === undefined ? method : `mcp__${call.server}__${call.tool ?? call.method}`;
  return { code, verdict, subject };
}

const KINDS_MOST = 5;

/** What the model reads of an answer that is not handed over: what was found in it by its kind, never its text. */
function heldText(reasons: readonly Reason[], { findings }: McpOutcome, asked: Asked | undefined): string {
  const found = kindsOf(findings);
  const why = reasons.map((reason) => `\`${reason.subject}\`: ${explainReason(reason)}${found}`);
  if (asked !== undefined) return askedRefusalText(why, asked.reason);
  const hints = reasons.map(hintFor).filter((hint) => hint !== undefined);
  return refusalText(why, hints);
}

/** The same for the person. */
function heldLine(reason: Reason, { findings }: McpOutcome): string {
  return `held an answer of ${forTerminal(reason.subject, { max: 160 })}: ${explainReason(reason)}${kindsOf(findings)}`;
}

function kindsOf(findings: McpOutcome["findings"]): string {
  const kinds = [...new Set(findings.map(({ kind }) => kind))].slice(0, KINDS_MOST);
  return kinds.length === 0 ? "" : ` (${kinds.join(", ")}: ${findingWords(findings)})`;
}

/** An answer to something else than a call, as a question shows it. */
function actWithout({ server, method, result }: McpOutcome): McpAction {
  return { kind: "mcp", server, tool: method, input: plain(result), apart: true };
}
