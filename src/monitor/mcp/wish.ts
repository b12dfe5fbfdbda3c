// What a server wants of its client: the client's model (sampling), the person's words (elicitation), its folders (roots). Sampling is off unless the
// policy says otherwise; a form that wants a secret never passes; an address is shown whole, as it is dialled, before anybody opens it.
import type { Reason } from "#core";
import { type Finding, findingWords, isList, isObject, type Json, type JsonObject, member } from "#core/mcp";
import { adviceOn, decide, explainReason, hintFor, type McpServerPolicy, mcpServer } from "#core/policy";
import { forTerminal } from "#core/text";
import { Flood, type McpAskVerdict, type McpOutcome, type McpServerRequest } from "#mcp";
import { askedRefusalText, refusalText } from "../guard/answer-text.ts";
import type { Asked, Guard } from "../guard/guarded-session.ts";
import { type McpAction, plain } from "./call-act.ts";
import { requestBody } from "./call-record.ts";
import { askerOf, type McpSession } from "./mcp-session.ts";
import { screeningOf } from "./screening-of.ts";
import { tellOnce } from "./tell-once.ts";

/** Judges one; on record before it is answered. */
export async function judgeWish(
  session: McpSession,
  wish: McpServerRequest,
  guard: Guard,
  signal: AbortSignal,
): Promise<McpAskVerdict> {
  const opinion = opinionOn(session, wish, guard, await foundInWish(session, wish));
  const { act, params, reason, found = [] } = opinion;
  const asked = reason?.verdict === "ask" ? await ask(session, { act, reason }, guard, signal) : undefined;
  const verdict = asked?.verdict ?? (reason === undefined ? "allow" : "deny");
  const reasons = reason === undefined ? [] : [reason];
  // What nobody was asked about and nothing came of makes a few lines with counts, however often it is wanted.
  const isSingle = verdict === "allow" || asked !== undefined;
  const count = isSingle ? 1 : floodOf(session).due(`${wish.method} ${reason?.code}`);
  if (count > 0) await session.guarded.append(requestBody(session, wish, { verdict, reasons, asked, count }));
  if (verdict === "allow") return { verdict, ...(params === undefined ? {} : { params }) };
  if (reason !== undefined) {
    const server = forTerminal(session.server, { max: 120 });
    tellOnce(
      session,
      `MCP server ${server}: ${wish.method} refused: ${forTerminal(`${explainReason(reason)}${foundIn(found)}`, { max: 600 })}`,
    );
  }
  return { verdict, text: textOf(reason, { act, guard, asked, found }) };
}

const floods = new WeakMap<McpSession, Flood>();

function floodOf(session: McpSession): Flood {
  const flood = floods.get(session) ?? new Flood();
  floods.set(session, flood);
  return flood;
}

/** The code of an error that says: a person must open these addresses first (2025-11-25). */
const WANTS_ADDRESSES = -32_042;
const WISHES_MOST = 16;

/** What an error wants of a person, as wishes; undefined where it wants more than anybody reads, or in no form that can be judged. */
export function wishesInError(error: McpOutcome["error"]): readonly JsonObject[] | undefined {
  if (error?.code !== WANTS_ADDRESSES) return [];
  const wanted = member(error.data, "elicitations");
  return isList(wanted) && wanted.length <= WISHES_MOST && wanted.every(isObject) ? wanted : undefined;
}

/** What speaks against it, or is to be asked; and what of it may pass. */
interface Opinion {
  readonly act: McpAction;
  readonly reason?: Reason;
  /** Where it is not passed as it came. */
  readonly params?: JsonObject;
  /** What screening says against it. */
  readonly found?: readonly Finding[];
}

/** What speaks against its words. Sampling that is off reads none. */
function foundInWish(session: McpSession, { method, params = {} }: McpServerRequest): Promise<readonly Finding[]> {
  const { includeContext: _, ...said } = params;
  const { sampling, elicitation } = mcpServer(session.policy.mcp, session.server);
  if (method === "sampling/createMessage" && sampling !== "deny") return screeningOf(session).wish(method, said);
  if (method === "elicitation/create" && elicitation !== "deny") return screeningOf(session).wish(method, params);
  return Promise.resolve([]);
}

function opinionOn(session: McpSession, wish: McpServerRequest, guard: Guard, screened: readonly Finding[]): Opinion {
  const { server } = session;
  const { method, params = {} } = wish;
  const policy = mcpServer(session.policy.mcp, server);
  const act: McpAction = { kind: "mcp", server, tool: method, input: plain(params), apart: true };
  const { allows, limit } = rulesOn(guard, act);
  if (limit?.verdict === "deny") return { act, reason: limit };
  const says = (code: string, answer: Reason["verdict"]): Reason => ({ code, verdict: answer, subject: method });
  const own =
    method === "sampling/createMessage"
      ? sampling({ act, params, policy, allows, found: screened }, says)
      : method === "elicitation/create"
        ? { act, ...elicitation({ ...wish, findings: [...wish.findings, ...screened] }, policy, says) }
        : { act };
  const reason = own.reason ?? limit;
  return reason === undefined ? own : { ...own, reason: whereNobodyIsAsked(reason, guard) };
}

/** What rules that name this wish say of it; that no rule does is no news here. */
function rulesOn({ judge }: Guard, act: McpAction): { readonly allows: boolean; readonly limit: Reason | undefined } {
  const { reasons } = decide(judge, act);
  const byRule = reasons.filter(({ code }) => code === "rule-matched" || code === "rule-not-excluded");
  const limit = byRule.find(({ verdict }) => verdict === "deny") ?? byRule.find(({ verdict }) => verdict === "ask");
  return { allows: byRule.some(({ verdict, rule }) => verdict === "allow" && rule?.includes(act.tool)), limit };
}

function whereNobodyIsAsked(reason: Reason, { judge, policy }: Guard): Reason {
  const isNo = judge.mode === "dontAsk" || policy.approvals.policy === "never";
  return reason.verdict === "ask" && isNo ? { ...reason, verdict: "deny" } : reason;
}

type Says = (code: string, verdict: Reason["verdict"]) => Reason;

interface Sampling {
  readonly act: McpAction;
  readonly params: JsonObject;
  readonly policy: McpServerPolicy;
  /** A rule of the person's names sampling. */
  readonly allows: boolean;
  readonly found: readonly Finding[];
}

/** What the client knows of other servers is none of this one's business. */
function sampling({ act, params, policy, allows, found }: Sampling, says: Says): Opinion {
  const { includeContext, ...rest } = params;
  const changed = includeContext === undefined ? {} : { params: rest };
  const plainAct = { ...act, input: plain(rest) };
  if (policy.sampling === "deny") return { act: plainAct, reason: says("sampling-off", "deny") };
  if (found.some(({ severity }) => severity === "hard"))
    return { act: plainAct, reason: says("hard-finding", "deny"), found };
  if (policy.sampling === "allow" || allows) return { act: plainAct, ...changed };
  return { act: plainAct, reason: says("sampling", "ask"), ...changed };
}

function elicitation(
  { params = {}, findings: found, server }: McpServerRequest,
  policy: McpServerPolicy,
  says: Says,
): Partial<Opinion> {
  if (policy.elicitation === "deny") return { reason: says("elicitation-off", "deny") };
  const hard = found.filter(({ severity }) => severity === "hard");
  const isUrl = member(params, "mode") === "url" || member(params, "url") !== undefined;
  if (!isUrl) {
    if (hard.length === 0) return {};
    const isSecret = hard.some(({ kind }) => kind === "asks-for-secret");
    return { reason: says(isSecret ? "asks-for-secret" : "hard-finding", "deny"), found };
  }
  const shown = shownAddress(member(params, "url"));
  if (shown === undefined) return { reason: says("elicitation-bad-url", "deny"), found };
  // a name of other letters is shown as it is dialled, and the person decides
  if (hard.some(({ kind }) => kind !== "link-international-host"))
    return { reason: says("hard-finding", "deny"), found };
  const looks = found.length === 0 ? {} : { looks: findingWords(found) };
  const input = { open: shown.href, host: shown.host, ...looks, says: plain(member(params, "message")) };
  const act: McpAction = { kind: "mcp", server, tool: "elicitation/create", input, apart: true };
  return { act, found, reason: { code: "elicitation-url", verdict: "ask", subject: shown.host } };
}

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** As it would be dialled: names in punycode, no user; https, or this very machine. */
function shownAddress(url: Json | undefined): URL | undefined {
  const read = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
  if (read === undefined || read.username !== "" || read.password !== "") return undefined;
  const isLocal = read.protocol === "http:" && LOOPBACK.test(read.hostname);
  return isLocal || read.protocol === "https:" ? read : undefined;
}

function ask(
  session: McpSession,
  { act, reason }: { readonly act: McpAction; readonly reason: Reason },
  { judge }: Guard,
  signal: AbortSignal,
): Promise<Asked> {
  const agent = askerOf(session);
  return session.guarded.ask({ agent, actions: [act], cwd: session.root, reasons: [reason], legs: [] }, judge, signal);
}

/** The kinds of what was found and their words; what was found itself stays away from the model. */
function foundIn(found: readonly Finding[]): string {
  return found.length === 0
    ? ""
    : ` (${[...new Set(found.map(({ kind }) => kind))].join(", ")}: ${findingWords(found)})`;
}

/** What the model is told. */
function textOf(
  reason: Reason | undefined,
  {
    act,
    guard,
    asked,
    found,
  }: {
    readonly act: McpAction;
    readonly guard: Guard;
    readonly asked: Asked | undefined;
    readonly found: readonly Finding[];
  },
): string {
  if (reason === undefined) return refusalText([], []);
  const why = [`\`${reason.subject}\`: ${explainReason(reason)}${foundIn(found)}`];
  if (asked !== undefined) return askedRefusalText(why, asked.reason);
  if (reason.rule !== undefined) return refusalText(why, adviceOn(guard.judge, [act], decide(guard.judge, act)));
  const hint = hintFor(reason)?.replaceAll("NAME", act.server);
  return refusalText(why, hint === undefined ? [] : [hint]);
}
