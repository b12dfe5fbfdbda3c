// One request and its response: heads rebuilt, bodies passed with their framing watched, and through the filters where there are any.
import { STATUS_CODES } from "node:http";
import type { Passage } from "./chain.ts";
import type { Destination } from "./destination.ts";
import type { BodyFilter } from "./filter.ts";
import {
  BadMessage,
  connectionOptions,
  type Framing,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
  responseFraming,
  UpstreamFault,
  valuesOf,
} from "./head.ts";
import { type Intake, send, sendWith } from "./intake.ts";
import { endToEnd, isEndToEnd, requestText, responseText, wantsMore } from "./message.ts";
import { expectsContinue, type Outgoing } from "./outgoing.ts";
import { passFiltered, passRaw } from "./pass.ts";
import type { Upstream } from "./upstream.ts";
import { passFrames, passSwitched } from "./websocket.ts";

/** One request that was judged and may be sent. */
export interface Exchange {
  readonly head: RequestHead;
  readonly to: Destination;
  /** True when it asks to speak WebSocket from here on. */
  readonly upgrade: boolean;
  /** What the filters made of it; absent where there are none. */
  readonly passage: Passage | undefined;
  readonly body: Outgoing;
  readonly client: Intake;
  readonly upstream: Upstream;
  /** True when the upstream has answered before. */
  readonly isReused: boolean;
  /** Whether the client has got the beginning of an answer. */
  readonly progress: { answered: boolean };
}

/** How it ended. `stale`: a kept upstream ended without a byte of an answer, and asking again does no harm. */
export type Outcome = "keep" | "end" | "stale";

// RFC 9110 section 9.2.2: what a proxy may ask twice.
const IDEMPOTENT = /^(?:GET|HEAD|OPTIONS|PUT|DELETE|TRACE)$/;

/** Carries it out. Throws `BadMessage` for what the client did, `UpstreamFault` for the server, `FilterStop` for a filter's no. */
export async function carryOut(exchange: Exchange): Promise<Outcome> {
  const { body, client, head, progress, upstream } = exchange;
  const { socket } = upstream.intake;
  const sent = requestHead(exchange);
  upstream.bytesUp += sent.length;
  // The body goes up while the answer may already come down; a client that asked `Expect: 100-continue` waits for just that.
  // A socket that is gone shows as an end below.
  const up = sendWith(socket, sent, () => body.send(upstream.intake, (bytes) => (upstream.bytesUp += bytes)));
  let bad: unknown;
  let isCutOff = false;
  up.then(
    (complete) => {
      // A client that ended within its body: the server would wait for the rest for ever.
      isCutOff = !complete && client.hasEnded;
      if (isCutOff) socket.destroy();
    },
    (error: unknown) => {
      bad = error;
      socket.destroy();
    },
  );
  try {
    for (;;) {
      const text = await upstream.intake.readHead().catch(serversFault);
      if (bad !== undefined) throw bad;
      if (text === undefined) {
        if (isCutOff || client.socket.destroyed) return "end";
        const mayRepeat = exchange.isReused && !progress.answered && body.isEmpty;
        if (mayRepeat && IDEMPOTENT.test(head.method)) return "stale";
        throw new UpstreamFault(upstream.isStalled ? "stalled" : "ended");
      }
      upstream.bytesDown += text.length + 4;
      const answer = serverSays(() => parseResponseHead(text));
      if (answer.status === 407 && upstream.forward !== undefined) throw new UpstreamFault("proxy-407");
      if (answer.status === 101) return await switchProtocols(exchange, answer);
      if (answer.status < 200) {
        await passInterim(exchange, answer);
        continue;
      }
      const keep = await passAnswer(exchange, answer);
      if (bad !== undefined) throw bad;
      if (!keep) return "end";
      return (await up) ? "keep" : "end";
    }
  } catch (error) {
    throw bad ?? error;
  }
}

function requestHead({ body, head, passage, to, upgrade, upstream: { forward } }: Exchange): string {
  // What was held was already asked for.
  const isAsked = passage?.up !== undefined && expectsContinue(head);
  const given = passage?.fields.filter(isEndToEnd) ?? endToEnd(head);
  const fields = given.filter(
    ({ name }) =>
      !(isAsked && /^expect$/i.test(name)) &&
      // Compressed messages could not be looked at.
      !(upgrade && passage !== undefined && /^sec-websocket-extensions$/i.test(name)),
  );
  const target = passage?.target ?? to.path;
  return requestText({ method: head.method, target, fields, framing: body.framing, to, upgrade, forward });
}

/** The server's own words are nothing that a filter sees: where there are filters, the status has its usual ones. */
function statusLine({ line, status }: ResponseHead, passage: Passage | undefined): string {
  return passage === undefined ? line : `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`;
}

/** An answer before the answer. Its fields are nothing that a filter has seen. */
async function passInterim({ client, passage, progress }: Exchange, answer: ResponseHead): Promise<void> {
  progress.answered ||= passage === undefined;
  const kept = passage === undefined ? answer.fields : [];
  await send(
    client.socket,
    responseText({ line: statusLine(answer, passage), fields: kept, framing: undefined, keep: true }),
  );
}

/** The answer and its body. True when both connections can be kept. */
async function passAnswer(exchange: Exchange, answer: ResponseHead): Promise<boolean> {
  const { client, head, passage, progress, upstream } = exchange;
  const framing = serverSays(() => responseFraming(answer, head.method));
  const { body, fields } = passage?.down(answer) ?? { fields: answer.fields, body: undefined };
  const out = outward(framing, body, head);
  const keep =
    framing.kind !== "close" &&
    out.kind !== "close" &&
    wantsMore(head) &&
    answer.version === "1.1" &&
    !connectionOptions(answer.fields).includes("close");
  progress.answered = true;
  const said = out === framing ? undefined : out;
  const text = responseText({ line: statusLine(answer, passage), fields, framing: said, keep });
  const count = (bytes: number): void => {
    upstream.bytesDown += bytes;
  };
  const complete = await sendWith(client.socket, text, () =>
    out === framing && body === undefined
      ? passRaw(upstream.intake, client.socket, framing, count)
      : passFiltered(
          { intake: upstream.intake, framing, filter: body },
          { socket: client.socket, framing: out, count },
        ),
  ).catch(serversFault);
  // A body cut off must look cut off to the client too.
  if (!complete && framing.kind !== "close") client.socket.destroy();
  return keep && complete;
}

/** The framing of a body on its way to the client. */
function outward(framing: Framing, body: BodyFilter | undefined, head: RequestHead): Framing {
  if (framing.kind === "none" || framing.kind === "close") return framing;
  if (framing.kind === "chunked") return head.version === "1.1" ? framing : { kind: "close" };
  if (body === undefined || body.keepsLength) return framing;
  return head.version === "1.1" ? { kind: "chunked" } : { kind: "close" };
}

/** WebSocket from here on, both ways, until either ends. */
async function switchProtocols(exchange: Exchange, answer: ResponseHead): Promise<Outcome> {
  const { client, passage, progress, upgrade, upstream } = exchange;
  const spoken = valuesOf(answer.fields, "upgrade").join().toLowerCase();
  if (!upgrade || spoken !== "websocket") throw new UpstreamFault("upgrade");
  const { body, fields } = passage?.down(answer) ?? { fields: answer.fields, body: undefined };
  if (passage !== undefined && valuesOf(answer.fields, "sec-websocket-extensions").length > 0)
    throw new UpstreamFault("websocket-extension");
  progress.answered = true;
  const kept = fields.filter(({ name }) => !/^(?:connection|upgrade)$/i.test(name));
  const lines = [statusLine(answer, passage), ...kept.map(({ name, value }) => `${name}: ${value}`)];
  await send(client.socket, `${lines.join("\r\n")}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  upstream.intake.socket.setTimeout(0); // silence is ordinary here
  await (passage === undefined
    ? passSwitched(client, upstream)
    : passFrames(client, upstream, { up: passage.up, down: body }));
  return "end";
}

/** What is wrong with a server's message is the server's fault. */
function serverSays<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    return serversFault(error);
  }
}

function serversFault(error: unknown): never {
  throw error instanceof BadMessage ? new UpstreamFault(error.message) : error;
}
