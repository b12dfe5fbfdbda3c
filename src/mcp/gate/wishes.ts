// What a server wants of the client: sampling, elicitation, roots. As a request of its own (legacy), or inside of a result, where the client
// answers by asking again (modern, `inputRequests`). Both are the same wish and get the same judgement.
import { err, ok, type Result } from "#core";
import { isObject, type Json, type JsonObject, type McpRequest, member, wishRefusal } from "#core/mcp";
import type { Passage } from "../gatekeeper.ts";
import type { McpAskVerdict, McpCall, McpServerRequest } from "../ports.ts";
import {
  answered,
  type ClientRequest,
  dropped,
  type Envelope,
  forwarded,
  type Gate,
  judged,
  rewritten,
  type ServerRequest,
} from "./gate.ts";

/** More than a client or a person answers at once; each one granted is a line of the record. */
const WISHES_MOST = 64;

const WISHES: ReadonlySet<string> = new Set(["sampling/createMessage", "elicitation/create", "roots/list"]);

function isWish(method: Json | undefined): method is McpServerRequest["method"] {
  return typeof method === "string" && WISHES.has(method);
}

/** A request of the server, which has been taken in as `open`. */
export async function passWish(gate: Gate, envelope: Envelope<McpRequest>, open: ServerRequest): Promise<Passage> {
  const { method, params } = envelope.message;
  if (!isWish(method)) return passUnknown(gate, envelope);
  const verdict = await judgeWish(gate, { method, params, era: "legacy" }, open.abort.signal);
  if (open.abort.signal.aborted) return dropped("cancelled");
  if (verdict.verdict === "deny") return answered(wishRefusal(open.id, method, verdict.text));
  return verdict.params === undefined ? forwarded(envelope) : rewritten(envelope, { params: verdict.params });
}

/** Anything else that a server asks: its words are read like those of a notification. */
async function passUnknown(gate: Gate, envelope: Envelope<McpRequest>): Promise<Passage> {
  const { id, method, params } = envelope.message;
  const findings = params === undefined ? [] : await gate.options.screen(params);
  const verdict = findings.some(({ severity }) => severity === "hard") ? "deny" : "allow";
  if (method !== "ping" || findings.length > 0)
    await gate.notes.notice({ from: "server", method, verdict, ...(findings.length > 0 ? { findings } : {}) });
  if (verdict === "deny") return answered(wishRefusal(id, method, "ringfence: refused: its words try something"));
  const cleaned = gate.options.clean(params ?? {});
  return cleaned.changed ? rewritten(envelope, { params: cleaned.value }) : forwarded(envelope);
}

/** The wishes inside of a result, all or none: a call whose wishes are refused is refused, with the reason for the model. */
export async function askWishes(
  gate: Gate,
  {
    open,
    call,
    wishes,
  }: { readonly open: ClientRequest; readonly call: McpCall | undefined; readonly wishes: Json | undefined },
): Promise<Result<{ readonly wishes: JsonObject; readonly changed: boolean }, string>> {
  if (wishes === undefined) return ok({ wishes: {}, changed: false });
  if (!isObject(wishes)) return err("ringfence: refused: the server's wishes have no form that can be judged");
  const wanted = Object.entries(wishes);
  if (wanted.length > WISHES_MOST) return err("ringfence: refused: the server wants more at once than anybody answers");
  const passed: [string, Json][] = [];
  let changed = false;
  for (const [key, wish] of wanted) {
    const [method, params] = [member(wish, "method"), member(wish, "params")];
    if (!isObject(wish) || !isWish(method) || !(isObject(params) || (params === undefined && method === "roots/list")))
      return err("ringfence: refused: the server wants something of the client that cannot be judged");
    const request = { method, params, era: open.era, ...(call === undefined ? {} : { call }) };
    const verdict = await judgeWish(gate, request, open.asking.signal);
    if (verdict.verdict === "deny") return err(verdict.text);
    if (verdict.params !== undefined) changed = true;
    passed.push([key, verdict.params === undefined ? wish : { ...wish, params: verdict.params }]);
  }
  return ok({ wishes: Object.fromEntries(passed), changed });
}

async function judgeWish(
  gate: Gate,
  wish: Omit<McpServerRequest, "server" | "findings">,
  signal: AbortSignal,
): Promise<McpAskVerdict> {
  const { server, ports, screen, clean } = gate.options;
  const said: JsonObject = wish.params ?? {};
  const findings = await screen(said, signal);
  const verdict = await judged(ports.ask({ ...wish, server, findings }, signal));
  if (verdict.verdict === "deny") return verdict;
  const given = "params" in verdict && verdict.params !== undefined ? verdict.params : undefined;
  const cleaned = clean(given ?? said);
  return cleaned.changed && isObject(cleaned.value)
    ? { verdict: "allow", params: cleaned.value }
    : { verdict: "allow", ...(given === undefined ? {} : { params: given }) };
}
