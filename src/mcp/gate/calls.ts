// A request that makes the server act or read: only for what has been verified, judged and on record before it goes on.
import { err, ok, type Result } from "#core";
import { isObject, type JsonObject, type McpRequest, member, propertiesOf, refusalOf, twinKey } from "#core/mcp";
import { forTerminal } from "#core/text";
import type { Passage } from "../gatekeeper.ts";
import type { McpCall } from "../ports.ts";
import { answered, type ClientRequest, dropped, type Envelope, forwarded, type Gate, judged } from "./gate.ts";
import { isSame, JUDGED, type Target, unservedText } from "./targets.ts";

/** `tools/call`, `prompts/get`, `resources/read`. */
export async function passCall(
  gate: Gate,
  envelope: Envelope<McpRequest>,
  open: ClientRequest,
  target: Target | undefined,
): Promise<Passage> {
  const { message } = envelope;
  const refused = (text: string): Passage => answered(refusalOf(message, open.era, text));
  const definition = target === undefined ? ok(undefined) : await served(gate, open, target);
  if (!definition.ok) return unapproved(gate, open, definition.error);
  const given = member(message.params, "arguments");
  const twin = twinKey(given, propertiesOf(member(definition.value, "inputSchema")));
  if (twin !== undefined) {
    const text = `ringfence: refused: argument \`${forTerminal(twin, { max: 64 })}\` differs only by case from another one`;
    return onRecord(gate, open, { why: "ambiguous", text });
  }
  const call = callOf(gate, message, open, definition.value);
  open.call = call;
  const verdict = await judged(gate.options.ports.call(call, open.asking.signal));
  if (open.abort.signal.aborted) return dropped("cancelled");
  if (verdict.verdict === "deny") return refused(verdict.text);
  // What was judged is what is called: a person may have looked at it for minutes.
  if (
    target !== undefined &&
    !isSame(definition.value, gate.eras.snapshot(open.era).latest?.find(target.kind, target.name))
  )
    return unapproved(gate, open, "ringfence: held: the definition has changed while the call was judged; ask again");
  return forwarded(envelope);
}

/** `completion/complete`: a word about something that has been verified. */
export async function passReference(
  gate: Gate,
  envelope: Envelope<McpRequest>,
  open: ClientRequest,
  target: Target,
): Promise<Passage> {
  const definition = await served(gate, open, target);
  if (open.abort.signal.aborted) return dropped("cancelled");
  return definition.ok ? forwarded(envelope) : unapproved(gate, open, definition.error);
}

function unapproved(gate: Gate, open: ClientRequest, text: string): Promise<Passage> {
  return onRecord(gate, open, { why: "not-approved", text });
}

/** A refusal that no rule was asked about: its line says what the model reads. */
async function onRecord(
  gate: Gate,
  open: ClientRequest,
  { why, text }: { readonly why: string; readonly text: string },
): Promise<Passage> {
  await gate.notes.refused({ from: "client", why, id: open.id, method: open.method, excerpt: text });
  return answered(refusalOf(open, open.era, text));
}

/** What is held is compared anew this often at most: each time reads the lock and screens the whole server. */
const APPROVAL_MS = 500;

/** The verified definition, or why there is none. */
async function served(gate: Gate, open: ClientRequest, target: Target): Promise<Result<JsonObject, string>> {
  const { server } = gate.options;
  const snapshot = gate.eras.snapshot(open.era);
  let state = await snapshot.current();
  // Held until now; but a person may have approved it a moment ago.
  if (state.ok && state.value.held(target.kind, target.name) !== undefined)
    state = await snapshot.reverify(APPROVAL_MS);
  if (!state.ok) return err(`ringfence: refused: server \`${server}\` is not verified: ${state.error.message}`);
  const definition = state.value.find(target.kind, target.name);
  return definition === undefined ? err(unservedText(server, target, state.value)) : ok(definition);
}

function callOf(gate: Gate, message: McpRequest, open: ClientRequest, definition: JsonObject | undefined): McpCall {
  const { server } = gate.options;
  const method = message.method as McpCall["method"];
  const { params } = message;
  const named = member(params, JUDGED[method]);
  const subject = { "tools/call": "tool", "prompts/get": "prompt", "resources/read": "uri" }[method];
  const annotations = member(definition, "annotations");
  const [state, responses] = [member(params, "requestState"), member(params, "inputResponses")];
  const requestState = typeof state === "string" ? { requestState: state } : {};
  const isRetry = isObject(responses) || typeof state === "string";
  return {
    server,
    method,
    [subject]: named,
    arguments: member(params, "arguments") ?? {},
    id: message.id,
    era: open.era,
    ...(definition === undefined ? {} : { digest: gate.digest(definition) }),
    ...(isObject(annotations) ? { annotations } : {}),
    ...(isRetry ? { retry: { ...requestState, inputResponses: isObject(responses) ? responses : {} } } : {}),
    ...(member(params, "task") === undefined ? {} : { task: true as const }),
  };
}
