// Heads as the proxy writes them: built anew from what was understood, so that nothing passes that was not.
import { defaultPort, type FixedPlace } from "./destination.ts";

import { connectionOptions, type Field, type Framing, type RequestHead, valuesOf } from "./head.ts";

/** What such a proxy wants with each request. */
export interface Forward {
  readonly authorization?: string;
}

// RFC 9110 section 7.6.1, and what was only ever for proxies.
const HOP = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "te",
  "upgrade",
  "http2-settings",
  "proxy-authorization",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-features",
]);

/** What a client may not have dropped on the way by naming it in Connection. */
const KEPT = /^(?:content-length|transfer-encoding|authorization|cookie)$/;

/** The fields of a request that are for the server. `Host` is written anew; the framing is the writer's to say. */
export function endToEnd(head: RequestHead): readonly Field[] {
  const named = connectionOptions(head.fields);
  return head.fields.filter(({ name }) => {
    const lower = name.toLowerCase();
    return !isOfThisHop(lower) && !(named.includes(lower) && !KEPT.test(lower));
  });
}

/** True for a field that a filter may write: not what the proxy itself says of this hop. */
export function isEndToEnd({ name }: Field): boolean {
  return !isOfThisHop(name.toLowerCase());
}

function isOfThisHop(lower: string): boolean {
  return lower === "host" || HOP.has(lower);
}

/** True when the client wants the connection kept. */
export function wantsMore(head: RequestHead): boolean {
  const proxys = valuesOf(head.fields, "proxy-connection").map((value) => value.toLowerCase());
  return head.version === "1.1" && ![...connectionOptions(head.fields), ...proxys].includes("close");
}

/** True for a request to speak WebSocket from here on (RFC 6455 section 4.1): the only switch that is offered to a server. */
export function isWebSocket(head: RequestHead): boolean {
  return (
    head.method === "GET" &&
    head.version === "1.1" &&
    head.framing.kind === "none" &&
    connectionOptions(head.fields).includes("upgrade") &&
    valuesOf(head.fields, "upgrade").join().toLowerCase() === "websocket"
  );
}

/** A request's head. `framing` is that of the body as it is sent. */
export function requestText(request: {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly Field[];
  readonly framing: Framing;
  readonly to: FixedPlace;
  readonly upgrade: boolean;
  /** Set for an outside proxy: absolute form, with its own login. */
  readonly forward: Forward | undefined;
}): string {
  const { fields, framing, method, target, to } = request;
  const name = to.host.includes(":") ? `[${to.host}]` : to.host;
  const host = to.port === defaultPort(to.scheme) ? name : `${name}:${to.port}`;
  const last = request.upgrade ? "Connection: Upgrade\r\nUpgrade: websocket" : "Connection: keep-alive";
  const form = request.forward === undefined || target === "*" ? target : `${to.scheme}://${host}${target}`;
  const login = request.forward?.authorization;
  const first = [`${method} ${form} HTTP/1.1`, `Host: ${host}`];
  if (login !== undefined) first.push(`Proxy-Authorization: ${login}`);
  return headText(first, framed(fields, framing), last);
}

/** A response's head. */
export function responseText(response: {
  readonly line: string;
  readonly fields: readonly Field[];
  /** `undefined` leaves it as the server said. */
  readonly framing: Framing | undefined;
  readonly keep: boolean;
}): string {
  const kept = response.fields.filter(({ name }) => !HOP.has(name.toLowerCase()));
  const fields = response.framing === undefined ? kept : framed(kept, response.framing);
  const line = response.line.replace(/^HTTP\/1\.0/, "HTTP/1.1");
  return headText([line], fields, `Connection: ${response.keep ? "keep-alive" : "close"}`);
}

function headText(first: readonly string[], fields: readonly Field[], last: string): string {
  return `${[...first, ...fields.map(({ name, value }) => `${name}: ${value}`), last].join("\r\n")}\r\n\r\n`;
}

/** The fields with this framing and no other. */
function framed(fields: readonly Field[], framing: Framing): readonly Field[] {
  const others = fields.filter(({ name }) => !/^(?:content-length|transfer-encoding|trailer)$/i.test(name));
  switch (framing.kind) {
    case "length":
      return [...others, { name: "Content-Length", value: String(framing.bytes) }];
    case "chunked":
      return [...others, { name: "Transfer-Encoding", value: "chunked" }];
    case "none":
    case "close":
      return others;
    default:
      return framing satisfies never;
  }
}
