// Notifications of both sides. Cancelling ends a question as well as a request; a change of lists is told only when what is served has changed.
import {
  type DefinitionKind,
  type Finding,
  isId,
  isObject,
  type Json,
  type JsonObject,
  type McpNotification,
  member,
} from "#core/mcp";
import type { Passage } from "../gatekeeper.ts";
import { dropped, type Envelope, forwarded, type Gate, giveUp, replaced, rewritten } from "./gate.ts";
import { leaks } from "./leaks.ts";

const CANCELLED = "notifications/cancelled";

/** Notifications that need no line of their own. */
const PLAIN: ReadonlySet<string> = new Set([
  "notifications/initialized",
  "notifications/roots/list_changed",
  "notifications/progress",
  "notifications/message",
  "notifications/resources/updated",
  "notifications/elicitation/complete",
  "notifications/tasks/status",
  "notifications/subscriptions/acknowledged",
  CANCELLED,
]);

const CHANGES: Readonly<Record<string, DefinitionKind>> = {
  "notifications/tools/list_changed": "tool",
  "notifications/prompts/list_changed": "prompt",
  "notifications/resources/list_changed": "resourceTemplate",
};

/** A notification of the client. */
export async function passClientNotice(gate: Gate, envelope: Envelope<McpNotification>): Promise<Passage> {
  const { method } = envelope.message;
  const leaking = await leaks(gate, envelope);
  if (method === CANCELLED) return cancelRequest(gate, envelope, leaking);
  if (leaking) return dropped("secret");
  if (method === "notifications/initialized")
    return { kind: "forward", bytes: envelope.bytes, delivered: gate.eras.initializing() };
  if (!PLAIN.has(method)) await gate.notes.notice({ from: "client", method, verdict: "allow" });
  return forwarded(envelope);
}

/** The client wants no answer any more: what is still judged never happens, what was forwarded is cancelled there too, in bare words if need be. */
function cancelRequest(gate: Gate, envelope: Envelope<McpNotification>, leaking: boolean): Passage {
  const id = member(envelope.message.params, "requestId");
  const open = isId(id) ? gate.client.get(id) : undefined;
  if (open === undefined || open.method === "initialize") return dropped("cancels-nothing");
  const wasForwarded = open.phase === "forwarded";
  giveUp(open);
  gate.client.end(open.id);
  if (!wasForwarded) return dropped("cancelled-in-time");
  return leaking
    ? replaced({ kind: "notification", method: CANCELLED, params: { requestId: open.id } })
    : forwarded(envelope);
}

/** A notification of the server. */
export async function passServerNotice(gate: Gate, envelope: Envelope<McpNotification>): Promise<Passage> {
  const { method, params } = envelope.message;
  const kind = Object.hasOwn(CHANGES, method) ? CHANGES[method] : undefined;
  if (kind !== undefined && !(await isNews(gate, envelope, kind))) return dropped("nothing-served-changed");
  if (method === CANCELLED && !cancelsOwn(gate, envelope)) return dropped("cancels-nothing");
  if (isOutcome(params)) {
    await gate.notes.refused({ from: "server", why: "outcome-in-notice", method });
    return dropped("outcome-in-notice");
  }
  const findings = params === undefined ? [] : await inOrder(gate, params);
  const verdict = findings.some(({ severity }) => severity === "hard") ? "deny" : "allow";
  if (findings.length > 0 || !(PLAIN.has(method) || kind !== undefined))
    await gate.notes.notice({ from: "server", method, verdict, ...(findings.length > 0 ? { findings } : {}) });
  if (verdict === "deny") return dropped("hard-finding");
  return params === undefined ? forwarded(envelope) : cleanedNotice(gate, envelope, params);
}

/** Screened when all that was told before has been. */
async function inOrder(gate: Gate, params: JsonObject): Promise<readonly Finding[]> {
  const before = gate.told;
  const screened = gate.options.screen(params);
  gate.told = screened.catch(() => undefined).then(() => before);
  const findings = await screened;
  await before;
  return findings;
}

/** What a task yields or wants is judged where the client asks for it (`tasks/get`), which it does all the same; told aside it would pass unjudged. */
function isOutcome(params: JsonObject | undefined): boolean {
  const has = (key: string): boolean => member(params, key) !== undefined;
  return has("inputRequests") || (has("taskId") && (has("result") || has("error")));
}

/** The server no longer wants what it asked of the client. */
function cancelsOwn(gate: Gate, { message }: Envelope<McpNotification>): boolean {
  const id = member(message.params, "requestId");
  const open = isId(id) ? gate.server.get(id) : undefined;
  if (open === undefined) return false;
  const wasForwarded = open.phase === "forwarded";
  open.abort.abort();
  gate.server.end(open.id);
  return wasForwarded;
}

/** Names that the client knows stay as they are; the rest is stripped and redacted like any text of a server. */
function cleanedNotice(gate: Gate, envelope: Envelope<McpNotification>, params: JsonObject): Passage {
  const cleaned = gate.options.clean(params);
  if (!cleaned.changed || !isObject(cleaned.value)) return forwarded(envelope);
  const tokens = Object.entries(params).filter(([key, value]) =>
    isKnownName(gate, envelope.message.method, [key, value]),
  );
  return rewritten(envelope, { params: { ...cleaned.value, ...Object.fromEntries(tokens) } });
}

/** Whether it is the name of something that the client has asked for or was asked, in the words that it knows. */
function isKnownName(gate: Gate, method: string, [key, value]: readonly [string, Json]): boolean {
  if (key === "requestId") return method === CANCELLED; // found in cancelsOwn
  if (key === "taskId") return typeof value === "string" && gate.tasks.has(value);
  if (key !== "progressToken") return false;
  return gate.client.values().some(({ params }) => member(member(params, "_meta"), "progressToken") === value);
}

/** The lists are read and verified anew; a client hears of it when what it is served is no longer the same. */
async function isNews(gate: Gate, { message }: Envelope<McpNotification>, kind: DefinitionKind): Promise<boolean> {
  const subscription = member(member(message.params, "_meta"), SUBSCRIPTION);
  const modern = subscription !== undefined;
  if (gate.eras.legacy === undefined && !modern) return false;
  const snapshot = gate.eras.snapshot(modern ? "modern" : "legacy");
  // Each subscription that a client has is told for itself; a server can name others without end.
  const whose = isId(subscription) && gate.client.get(subscription) !== undefined ? JSON.stringify(subscription) : "";
  const after = await snapshot.changed(`${kind} ${whose}`);
  if (after === undefined) return false;
  // Resources come and go like files: a client is always told.
  if (kind === "resourceTemplate") return true;
  return after.ok && snapshot.isNews(kind, after.value, whose);
}

const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
