// One POST of a client: read whole, told apart, through its lane's gatekeeper, and answered in the form that the upstream chose.
import {
  eraOf,
  failure,
  isId,
  isList,
  type Json,
  type McpId,
  type McpMessage,
  member,
  REFUSAL,
  readJson,
  readMessage,
  writeMessage,
} from "#core/mcp";
import type { Passage } from "../gatekeeper.ts";
import { readWhole } from "./body.ts";
import { LaneFault } from "./lane-parts.ts";
import type { Lanes, ListenerLane } from "./lanes.ts";
import { headerMismatch } from "./mirrored.ts";
import { messageOf } from "./own-requests.ts";
import { Reply } from "./reply.ts";
import { BODY_MOST, type Serving } from "./serving.ts";

const BODY_MS = 60_000;
/** HeaderMismatch (revision 2026-07-28). */
const HEADER_MISMATCH = -32_020;
/** The first revision without sessions. */
const FIRST_MODERN = "2026-07-28";
const USER_AGENT = /^[\x20-\x7e]{1,256}$/;

/** Serves it. */
export async function servePost(serving: Serving): Promise<void> {
  const { asked, response, lanes, notes } = serving;
  const body = await readWhole(asked, { most: BODY_MOST, ms: BODY_MS });
  if (typeof body === "string") {
    await notes.refused({ from: "client", why: body });
    if (response.destroyed) return;
    response.writeHead(body === "too-long" ? 413 : 408, { connection: "close" }).end();
    asked.resume();
    return;
  }
  const read = readJson(body);
  const parsed = read.ok ? readMessage(read.value) : undefined;
  const message = parsed?.ok === true ? parsed.value : undefined;
  const lane = laneOf(lanes, message, asked.headers);
  const id = message?.kind === "request" ? message.id : null;
  if (typeof lane === "string") {
    const code = lane === "session" ? 404 : lane === "busy" ? 503 : 400;
    return refuse(serving, { status: code, id, text: WORDS[lane], why: `http-${lane}` });
  }
  const differs = message && mismatch(lane, message, serving);
  if (differs !== undefined)
    return refuse(serving, {
      status: 400,
      id,
      text: `Header mismatch: ${differs}`,
      why: "header-mismatch",
      code: HEADER_MISMATCH,
    });
  await pass(serving, lane, { body, message, value: read.ok ? read.value : undefined });
}

const WORDS = {
  session: "there is no such session",
  "no-session": "the session's id is missing",
  busy: "too many requests of this id are open",
} as const;

/** Whose lane it is, or the word why nobody's. */
function laneOf(
  lanes: Lanes,
  message: McpMessage | undefined,
  headers: Serving["asked"]["headers"],
): ListenerLane | keyof typeof WORDS {
  const agent = headers["user-agent"];
  const userAgent = agent !== undefined && USER_AGENT.test(agent) ? agent : undefined;
  const isRequest = message?.kind === "request";
  if (isRequest && eraOf(message.method, message.params) === "modern")
    return lanes.without(message.id, userAgent) ?? "busy";
  if (isRequest && message.method === "initialize") return lanes.open(userAgent);
  const name = headers["mcp-session-id"];
  if (typeof name === "string") return lanes.session(name) ?? "session";
  const version = headers["mcp-protocol-version"];
  if (message?.kind === "notification" && typeof version === "string" && version >= FIRST_MODERN)
    return lanes.holding(requestOf(message)) ?? lanes.without(undefined, userAgent) ?? "busy";
  // What cannot be read is refused by a gatekeeper too, and on record.
  return message === undefined ? (lanes.without(undefined, userAgent) ?? "busy") : "no-session";
}

/** Which request a notification is about. */
function requestOf({ params }: Extract<McpMessage, { kind: "notification" }>): McpId | undefined {
  const id = member(params, "requestId");
  return isId(id) ? id : undefined;
}

function mismatch({ lane, name }: ListenerLane, message: McpMessage, { asked }: Serving): string | undefined {
  const { headers } = asked;
  // In a session the server gets the version that was agreed on, whatever a client repeats.
  return name === undefined ? headerMismatch(headers, message, lane.mirroredOf(message)) : undefined;
}

interface Posted {
  readonly body: Buffer;
  readonly message: McpMessage | undefined;
  readonly value: Json | undefined;
}

async function pass(serving: Serving, at: ListenerLane, posted: Posted): Promise<void> {
  const { response, asked } = serving;
  const { lane, name } = at;
  const { message } = posted;
  const isRequest = message?.kind === "request";
  const isModern = isRequest && eraOf(message.method, message.params) === "modern";
  const ids = idsOf(posted.value);
  const gone = new AbortController();
  let isAnswered = false;
  response.once("close", () => {
    if (isAnswered) return;
    gone.abort();
    // In the modern era this is how a client cancels; in the legacy one it may come back for the rest.
    if (isModern) void lane.gatekeeper.fromClient(cancelled(message.id));
  });
  const opens = isRequest && message.method === "initialize";
  const reply = new Reply(response, {
    isStream: isList(posted.value) && ids.length > 0,
    fields: (status) => (opens && name !== undefined && status < 400 ? { "mcp-session-id": name } : {}),
  });
  for (const id of ids) at.open.add(id);
  try {
    const passage = await lane.gatekeeper.fromClient(posted.body);
    await give(passage, {
      at,
      reply,
      signal: AbortSignal.any([gone.signal, at.over]),
      client: asked.headers,
      isRequest,
    });
    if (lane.isGone) reply.code = 404;
    else if (isRequest && !reply.isBegun) {
      // What answered it was no answer to it, and was dropped on record.
      reply.code = 502;
      await reply.write({ kind: "message", bytes: errorWithoutId("the server's answer is refused") });
    }
    reply.end();
    // A modern message of that method has no session to end: its lane is everybody's.
    if (opens && name !== undefined && lane.agreedVersion === undefined) await serving.lanes.end(at);
  } catch (error) {
    if (!(error instanceof LaneFault)) throw error;
    reply.code = lane.isGone ? 404 : 502;
    await reply.write({ kind: "message", bytes: errorWithoutId(error.problem.message) });
  } finally {
    isAnswered = true;
    for (const id of ids) at.open.delete(id);
  }
}

interface Giving {
  readonly at: ListenerLane;
  readonly reply: Reply;
  readonly signal: AbortSignal;
  readonly client: Serving["asked"]["headers"];
  readonly isRequest: boolean;
}

async function give(passage: Passage, giving: Giving): Promise<void> {
  const { at, reply, signal, client, isRequest } = giving;
  switch (passage.kind) {
    case "answer":
      reply.code = statusOf(passage.bytes);
      // Every client that comes so far takes both.
      if (statusOf(passage.bytes) === 200 && at.lane.streams)
        await reply.write({ kind: "head", status: 200, isStream: true });
      return reply.write({ kind: "message", bytes: passage.bytes });
    case "drop":
      reply.code = isRequest ? 400 : 202;
      if (isRequest)
        await reply.write({ kind: "message", bytes: errorWithoutId(`the message is refused (${passage.why})`) });
      return;
    case "several":
      await Promise.all(passage.parts.map((part) => give(part, giving)));
      return;
    case "forward": {
      const message = messageOf(passage.bytes);
      // What the gatekeeper passes is a message.
      if (message === undefined) throw new LaneFault({ code: "mcp-unread", message: "the message cannot be read" });
      const delivered = passage.delivered?.bind(passage);
      if (message.kind !== "request") reply.code = 202;
      for await (const to of at.lane.send(passage.bytes, message, { signal, client, resumes: true, delivered })) {
        if (at.lane.isGone) reply.code = 404;
        await reply.write(to);
      }
      return;
    }
    default:
      return passage satisfies never;
  }
}

function idsOf(value: Json | undefined): readonly McpId[] {
  const all = isList(value) ? value : value === undefined ? [] : [value];
  return all.flatMap((one) => {
    const id = member(one, "method") === undefined ? undefined : member(one, "id");
    return typeof id === "string" || typeof id === "number" ? [id] : [];
  });
}

function cancelled(id: McpId): Uint8Array {
  const params = { requestId: id, reason: "the client closed the stream" };
  return writeMessage({ kind: "notification", method: "notifications/cancelled", params });
}

/** The gateway's own errors about the form of a message have a status of their own; everything else is an answer like any other. */
function statusOf(bytes: Uint8Array): number {
  const message = messageOf(bytes);
  if (message?.kind !== "error") return 200;
  return [REFUSAL.parse, REFUSAL.invalidRequest].some((code) => code === message.error.code) ? 400 : 200;
}

async function refuse(
  { response, notes }: Serving,
  what: {
    readonly status: number;
    readonly id: McpId | null;
    readonly text: string;
    readonly why: string;
    readonly code?: number;
  },
): Promise<void> {
  await notes.refused({ from: "client", why: what.why, ...(what.id === null ? {} : { id: what.id }) });
  const code = what.code ?? REFUSAL.invalidRequest;
  const bytes = what.id === null ? errorWithoutId(what.text, code) : writeMessage(failure(what.id, code, what.text));
  response.writeHead(what.status, { "content-type": "application/json" }).end(bytes);
}

function errorWithoutId(message: string, code: number = REFUSAL.invalidRequest): Uint8Array {
  return writeMessage({ kind: "error", id: null, error: { code, message } });
}
