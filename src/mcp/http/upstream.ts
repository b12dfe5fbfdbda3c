// One upstream's endpoint. Each request carries this upstream's own credential and no other; a redirect to another origin gets neither the request nor
// the credential; what comes back is messages, one after another, as they arrive.
import { err, ok, type Problem, type Result } from "#core";
import { WIRE_LIMITS } from "#core/mcp";
import { forTerminal } from "#core/text";
import { isPlainEncoding, mediaType, readWhole } from "./body.ts";
import type { Answered, Exchanger } from "./exchange.ts";
import { type Challenge, readChallenge } from "./oauth/challenge.ts";
import { type HttpTarget, isSameOrigin, originOf, readTarget } from "./place.ts";
import { type SseEvent, SseFault, SseSplitter } from "./sse.ts";

/** What this upstream itself is given, and nobody else. */
export interface UpstreamCredential {
  /** The fields for one request. */
  fields(target: HttpTarget, method: string): Promise<Result<Readonly<Record<string, string>>, Problem>>;
  /** The server wants another one. A problem says what a person can do; otherwise the request is sent once more. */
  refused(status: 401 | 403, challenge: Challenge | undefined): Promise<Problem | undefined>;
}

/** What one request is sent with, beside what every request has. */
export interface Sending {
  readonly fields: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** An answer of the upstream. */
export interface UpstreamAnswer {
  readonly status: number;
  /** Absent where the server had nothing to say (202). */
  readonly events?: AsyncGenerator<SseEvent>;
  /** True for a stream of events, false for one message. */
  readonly isStream: boolean;
  /** The session that the server opened with it. */
  readonly session?: string;
  /** Nobody wants the rest of it. */
  discard(): void;
}

/** An open upstream. The opener closes its exchanger. */
export interface Upstream {
  readonly target: HttpTarget;
  post(body: Uint8Array, sending: Sending): Promise<Result<UpstreamAnswer, Problem>>;
  /** The server's own stream, or the rest of one that broke off. */
  listen(sending: Sending): Promise<Result<UpstreamAnswer, Problem>>;
  /** Ends the server's session. */
  end(sending: Sending): Promise<Result<UpstreamAnswer, Problem>>;
}

type Method = "GET" | "POST" | "DELETE";

const HOPS_MOST = 3;
/** A tool may work for long before it says a word, and its client gives up when it wants to. */
const HEAD_MS = 15 * 60_000;
const JSON_MS = 15 * 60_000;
const SESSION = /^[\x21-\x7e]{1,1024}$/;
const EVENT_MOST = WIRE_LIMITS.maxBytes + 65_536;

/** Opens it. */
export function openUpstream(parts: {
  readonly exchanger: Exchanger;
  readonly target: HttpTarget;
  readonly credential: UpstreamCredential;
}): Upstream {
  const { target } = parts;
  const send = async (
    method: Method,
    sending: Sending,
    body?: Uint8Array,
  ): Promise<Result<UpstreamAnswer, Problem>> => {
    const answered = await followed(parts, { method, sending, ...(body === undefined ? {} : { body }) });
    return answered.ok ? await read(answered.value, { method, target }) : answered;
  };
  return {
    target,
    post: (body, sending) => send("POST", sending, body),
    listen: (sending) => send("GET", sending),
    end: (sending) => send("DELETE", sending),
  };
}

/** Sends, follows redirects within the origin, and asks for another credential once. */
async function followed(
  { exchanger, target: first, credential }: Parameters<typeof openUpstream>[0],
  { method, sending, body }: { readonly method: Method; readonly sending: Sending; readonly body?: Uint8Array },
): Promise<Result<Answered, Problem>> {
  let target = first;
  let isRenewed = false;
  for (let hop = 0; hop <= HOPS_MOST; ) {
    const own = await credential.fields(target, method);
    if (!own.ok) return own;
    const accept = method === "GET" ? "text/event-stream" : "application/json, text/event-stream";
    const answered = await exchanger.ask({
      ...{ target, method, signal: sending.signal, headMs: HEAD_MS },
      ...(body === undefined ? {} : { body }),
      fields: {
        ...{ accept, "accept-encoding": "identity", "user-agent": "mcp" },
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...sending.fields,
        // Last: nothing that a client sent stands beside it.
        ...own.value,
      },
    });
    if (!answered.ok) return answered;
    const { statusCode: status = 0, headers } = answered.value;
    if (status === 401 || status === 403) {
      const challenge = readChallenge(headers["www-authenticate"]);
      if (status === 403 && challenge?.error !== "insufficient_scope") return answered;
      answered.value.destroy();
      const problem = isRenewed ? loginProblem(first, status) : await credential.refused(status, challenge);
      if (problem !== undefined) return err(problem);
      isRenewed = true;
      continue;
    }
    if (status < 300 || status > 399) return answered;
    answered.value.destroy();
    const next = redirected(target, { method, status, location: headers.location });
    if (!next.ok) return next;
    target = next.value;
    hop += 1;
  }
  return err(redirectProblem(first, "goes round in circles"));
}

function redirected(
  from: HttpTarget,
  {
    method,
    status,
    location,
  }: { readonly method: Method; readonly status: number; readonly location: string | undefined },
): Result<HttpTarget, Problem> {
  if (location === undefined) return err(redirectProblem(from, "says nowhere to go"));
  const next = readTarget(location, from);
  if (!next.ok) return err(redirectProblem(from, "leads to no address"));
  if (!isSameOrigin(next.value, from))
    return err(redirectProblem(from, `leads to another origin, ${forTerminal(originOf(next.value), { max: 120 })}`));
  // The others turn a POST into a GET, and the message is lost.
  if (method === "POST" && status !== 307 && status !== 308)
    return err(redirectProblem(from, "would lose the message"));
  return next;
}

function redirectProblem(from: HttpTarget, why: string): Problem {
  return {
    code: "mcp-redirect",
    message: `the redirect of ${originOf(from)} ${why}`,
    hint: "a redirect is followed within its origin only; if the server has moved, write its new address",
  };
}

function loginProblem(target: HttpTarget, status: number): Problem {
  return {
    code: "mcp-login",
    message: `${originOf(target)} does not take the credential that it was given (HTTP ${status})`,
    hint: "look at the credential, or log in: ringfence mcp proxy --login --server NAME --url URL",
  };
}

async function read(
  answered: Answered,
  { method, target }: { readonly method: Method; readonly target: HttpTarget },
): Promise<Result<UpstreamAnswer, Problem>> {
  const { statusCode: status = 0, headers } = answered;
  const session = headers["mcp-session-id"];
  const head = {
    status,
    discard: () => void answered.destroy(),
    ...(typeof session === "string" && SESSION.test(session) ? { session } : {}),
  };
  const fault = (
    code: string,
    why: string,
    hint = "look whether this is the address of an MCP server",
  ): Result<never, Problem> => {
    answered.destroy();
    return err({ code, message: `${originOf(target)} ${why}`, hint });
  };
  const type = mediaType(headers["content-type"]);
  if (!isPlainEncoding(headers["content-encoding"]))
    return fault("mcp-packed", "sends a packed answer, which nobody asked for");
  const isOk = status >= 200 && status < 300;
  if (method === "DELETE" || status === 202 || status === 204 || (isOk && headers["content-length"] === "0")) {
    answered.resume();
    return ok({ ...head, isStream: false });
  }
  if (isOk && type === "text/event-stream") return ok({ ...head, isStream: true, events: eventsOf(answered, target) });
  if (isOk && method === "GET")
    return fault("mcp-content-type", "answers a listener with something else than a stream of events");
  if (type === "application/json") {
    const body = await readWhole(answered, { most: isOk ? EVENT_MOST : 1 << 20, ms: JSON_MS });
    if (typeof body === "string") return fault(`mcp-body-${body}`, `sends an answer that is ${body}`);
    if (isOk || looksLikeMessage(body)) return ok({ ...head, isStream: false, events: only(body) });
  }
  if (isOk) return fault("mcp-content-type", `answers with \`${forTerminal(type, { max: 60 })}\`, which is no message`);
  if (status === 404) return fault("mcp-not-found", "knows no such endpoint or session (HTTP 404)", OLD);
  if (status === 405) return fault("mcp-no-method", "has no such method (HTTP 405)", OLD);
  return fault("mcp-status", `refuses the message (HTTP ${status})`, OLD);
}

const OLD =
  "servers of the old HTTP+SSE transport (2024-11-05, often at /sse) are not reached: ask for the server's Streamable HTTP address";

/** An error's body is passed on when it is JSON-RPC; anything else of it is a stranger's page. */
function looksLikeMessage(body: Buffer): boolean {
  return body.includes('"jsonrpc"');
}

async function* only(body: Buffer): AsyncGenerator<SseEvent> {
  yield { kind: "event", type: "message", data: body };
}

/** The events of a stream. Some servers and proxies label one JSON message so: it is one event. Throws `SseFault`. */
async function* eventsOf(answered: Answered, target: HttpTarget): AsyncGenerator<SseEvent> {
  const splitter = new SseSplitter(EVENT_MOST);
  let isJson: boolean | undefined;
  const json: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answered as AsyncIterable<Buffer>) {
      isJson ??= /^(?:\xef\xbb\xbf)?\s*[{[]/.test(chunk.toString("latin1", 0, 64));
      if (!isJson) {
        yield* splitter.take(chunk);
        continue;
      }
      size += chunk.length;
      if (size > EVENT_MOST) throw new SseFault("an event is longer than allowed");
      json.push(chunk);
    }
  } catch (error) {
    if (error instanceof SseFault) throw error;
    throw new SseFault(`${originOf(target)} broke off`);
  } finally {
    answered.destroy();
  }
  if (isJson === true) yield { kind: "event", type: "message", data: Buffer.concat(json) };
  else if (splitter.isHalf()) throw new SseFault(`${originOf(target)} broke off within an event`);
}
