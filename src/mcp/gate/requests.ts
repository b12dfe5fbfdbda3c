// Requests of the client: lists are answered from what is verified, calls are judged and on record before they go on, the rest passes.
import { failure, type McpRequest, member, modernMeta, REFUSAL, refusalOf } from "#core/mcp";
import type { Passage } from "../gatekeeper.ts";
import { passCall, passReference } from "./calls.ts";
import { answered, type ClientRequest, dropped, type Envelope, forwarded, type Gate } from "./gate.ts";
import { LEAK_TEXT, leaks } from "./leaks.ts";
import { LISTS, pageOf } from "./lists.ts";
import { wordsOf } from "./snapshot.ts";
import { isJudged, targetOf } from "./targets.ts";

/** Methods that pass without a line of their own: they do not act, and where their answers carry text, the answers are judged. */
const PLAIN: ReadonlySet<string> = new Set([
  "initialize",
  "server/discover",
  "ping",
  "logging/setLevel",
  "completion/complete",
  "resources/list",
  "resources/subscribe",
  "resources/unsubscribe",
  "subscriptions/listen",
  "tasks/get",
  "tasks/result",
  "tasks/list",
  "tasks/update",
  "tasks/cancel",
]);

/** What is done with a request of the client, which has been taken in as `open`. */
export async function passRequest(gate: Gate, envelope: Envelope<McpRequest>, open: ClientRequest): Promise<Passage> {
  // First of all: what a modern client says of itself goes into our own requests too.
  if (await leaks(gate, envelope)) return answered(refusalOf(open, open.era, LEAK_TEXT));
  if (open.era === "modern") gate.eras.introduce(modernMeta(open.params));
  const list = Object.hasOwn(LISTS, open.method) ? LISTS[open.method] : undefined;
  if (list !== undefined) return passList(gate, open, list);
  const target = targetOf(envelope.message);
  if (target === "malformed")
    return answered(failure(open.id, REFUSAL.invalidParams, `\`${open.method}\` does not say what it is for`));
  if (isJudged(open.method)) return passCall(gate, envelope, open, target);
  if (target !== undefined) return passReference(gate, envelope, open, target);
  if (!PLAIN.has(open.method)) await gate.notes.notice({ from: "client", method: open.method, verdict: "allow" });
  return open.abort.signal.aborted ? dropped("cancelled") : forwarded(envelope);
}

async function passList(gate: Gate, open: ClientRequest, list: (typeof LISTS)[string]): Promise<Passage> {
  const { id, params, era } = open;
  const snapshot = gate.eras.snapshot(era);
  const cursor = member(params, "cursor");
  // The first of each list is what was listed at the opening; a later one is listed anew, because a server need not say that it changed.
  const again = cursor === undefined && snapshot.shown.has(list.kind);
  const state = await (again ? snapshot.refresh() : snapshot.current());
  if (open.abort.signal.aborted) return dropped("cancelled");
  if (!state.ok) {
    const text = `ringfence: the lists of server \`${gate.options.server}\` are not served: ${state.error.message}`;
    return answered(failure(id, REFUSAL.internal, text));
  }
  if (cursor === undefined) snapshot.shown.set(list.kind, wordsOf(state.value, list.kind));
  const result = pageOf(state.value, list.key, { cursor, era });
  return answered(
    result === undefined
      ? failure(id, REFUSAL.invalidParams, "this cursor is none of the list as it is now")
      : { kind: "response", id, result },
  );
}
