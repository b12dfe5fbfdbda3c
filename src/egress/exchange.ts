// Plain HTTP through the proxy: each request of a connection judged on its own, heads rebuilt, bodies passed with their framing watched.
// One upstream connection is kept while requests go to the same place, so that a keep-alive client pays for one dial.
import type { Socket } from "node:net";
import { parseHost, splitPort } from "#core/net";
import { watchBody } from "./body.ts";
import { type DialDeps, dial, judge } from "./dial.ts";
import {
  BadMessage,
  connectionOptions,
  type Field,
  type Framing,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  responseFraming,
  valuesOf,
} from "./head.ts";
import { Intake, send } from "./intake.ts";
import { type Refusal, refusalResponse } from "./refusal.ts";

/** Where the requests of a connection may lead. */
export interface ExchangeOptions {
  readonly deps: DialDeps;
  /** Set inside a CONNECT to a plain-HTTP port: requests are in origin form and their Host must agree. */
  readonly fixed?: { readonly host: string; readonly port: number };
  /** Inside a CONNECT: the connection that was already dialled for it. */
  readonly dialled?: Socket;
  /** Called for a CONNECT; never inside one. */
  readonly onConnect?: (head: RequestHead, client: Intake) => Promise<void>;
}

interface Upstream {
  readonly host: string;
  readonly port: number;
  readonly intake: Intake;
  bytesUp: number;
  bytesDown: number;
}

/** How one request ended. `stale`: a kept upstream ended without a byte of an answer, and asking again does no harm. */
type Outcome = "keep" | "end" | "stale";

/** What the upstream did that is no HTTP: one stable word. */
class UpstreamFault extends Error {}

// RFC 9110 section 9.2.2: what a proxy may ask twice.
const IDEMPOTENT = /^(?:GET|HEAD|OPTIONS|PUT|DELETE|TRACE)$/;

// RFC 9110 section 7.6.1, and what was only ever for proxies.
const HOP = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "te",
  "upgrade",
  "proxy-authorization",
  "proxy-authenticate",
  "proxy-features",
]);

/** Serves a client until it or the upstream ends, or a request is refused. Never rejects. */
export async function serveRequests(client: Intake, options: ExchangeOptions): Promise<void> {
  let upstream =
    options.fixed !== undefined && options.dialled !== undefined
      ? upstreamOf(options.fixed, options.dialled)
      : undefined;
  let at = options.fixed ?? { host: "?", port: 0 };
  const progress = { answered: false };
  try {
    for (;;) {
      const text = await client.readHead();
      if (text === undefined) return;
      progress.answered = false;
      const head = parseRequestHead(text);
      if (head.method === "CONNECT") {
        if (options.onConnect === undefined) throw new BadMessage("connect-inside");
        await options.onConnect(head, client);
        return;
      }
      const to = destination(head, options.fixed);
      at = { host: to.host, port: to.port };
      if (
        upstream !== undefined &&
        (upstream.host !== to.host || upstream.port !== to.port || !isFresh(upstream.intake))
      ) {
        await closeUpstream(upstream, options.deps);
        upstream = undefined;
      }
      const isReused = upstream !== undefined;
      client.socket.setTimeout(0); // a slow answer is not an idle client
      upstream ??= await open(to, client, options.deps);
      if (upstream === undefined) return;
      let outcome = await exchange(head, to.path, { client, upstream, isReused, progress });
      if (outcome === "stale") {
        await closeUpstream(upstream, options.deps);
        upstream = await open(to, client, options.deps);
        if (upstream === undefined) return;
        outcome = await exchange(head, to.path, { client, upstream, isReused: false, progress });
      }
      if (outcome !== "keep") return;
      client.socket.setTimeout(options.deps.idleMs);
    }
  } catch (error) {
    const refusal = faultOf(error, at);
    if (refusal === undefined) throw error;
    if (!progress.answered) return await refuse(client, options.deps, refusal);
    // Inside an answer no other can begin: the client sees a connection that broke.
    client.socket.destroy();
    await record(options.deps, refusal);
  } finally {
    if (upstream !== undefined) await closeUpstream(upstream, options.deps);
    client.socket.destroySoon();
  }
}

/** A kept upstream may have been closed by its server while it idled (RFC 9112 section 9.5): then the next request takes a new one. */
function isFresh(intake: Intake): boolean {
  const { socket } = intake;
  return !socket.destroyed && !intake.hasEnded && !intake.hasMore && socket.writable;
}

/** Whose fault it was, in the words of a refusal; `undefined` for what is nobody's message. */
function faultOf(error: unknown, at: { readonly host: string; readonly port: number }): Refusal | undefined {
  if (error instanceof UpstreamFault)
    return {
      status: 502,
      reason: `upstream-${error.message}`,
      ...at,
      hint: "the host is allowed but its answer is no HTTP/1.1",
    };
  if (!(error instanceof BadMessage)) return undefined;
  const hint = "the request is not plain HTTP/1.1 as RFC 9112 writes it";
  return { status: 400, reason: `bad-request-${error.message}`, ...at, hint };
}

async function record(deps: DialDeps, { host, port, reason, hint, rule }: Refusal): Promise<void> {
  await deps.tally.refuse({ host, port, reason, hint, ...(rule === undefined ? {} : { rule }) });
}

/** Tells and records a refusal, then ends the connection. */
export async function refuse(client: Intake, deps: DialDeps, refusal: Refusal): Promise<void> {
  await record(deps, refusal);
  await send(client.socket, refusalResponse(refusal));
  client.socket.end();
}

/** The one destination of a request: target and Host must say the same (NET-6). */
function destination(head: RequestHead, fixed: ExchangeOptions["fixed"]): { host: string; port: number; path: string } {
  const hosts = valuesOf(head.fields, "host");
  if (hosts.length > 1 || (hosts.length === 0 && head.version === "1.1")) throw new BadMessage("host");
  const named = hosts[0] === undefined ? undefined : authority(hosts[0], 80);
  if (fixed !== undefined) {
    if (!head.target.startsWith("/") && head.target !== "*") throw new BadMessage("origin-form");
    if (named !== undefined && (named.host !== fixed.host || named.port !== fixed.port))
      throw new BadMessage("host-differs");
    return { ...fixed, path: head.target };
  }
  const [, place = "", path = ""] = /^http:\/\/([^/?#]+)([/?][^#]*)?$/i.exec(head.target) ?? [];
  if (place === "") throw new BadMessage("absolute-form");
  const to = authority(place, 80);
  if (named !== undefined && (named.host !== to.host || named.port !== to.port)) throw new BadMessage("host-differs");
  return { ...to, path: path.startsWith("/") ? path : `/${path}` };
}

/** `host[:port]`, strictly. Throws `BadMessage`. */
export function authority(text: string, defaultPort: number): { readonly host: string; readonly port: number } {
  const { name, port } = splitPort(text);
  const host = parseHost(name);
  const number = port === undefined ? defaultPort : Number(port);
  if (host === undefined || (port !== undefined && !/^\d{1,5}$/.test(port)) || number < 1 || number > 65_535)
    throw new BadMessage("authority");
  return { host, port: number };
}

async function open(to: { host: string; port: number }, client: Intake, deps: DialDeps): Promise<Upstream | undefined> {
  const rule = judge(deps.plan, to.host, to.port);
  const dialled = "status" in rule ? rule : await dial(deps, { ...to, rule, scheme: "http" });
  if ("status" in dialled) {
    await refuse(client, deps, dialled);
    return undefined;
  }
  const { socket } = dialled;
  client.socket.once("close", () => socket.destroy());
  return upstreamOf(to, socket);
}

function upstreamOf({ host, port }: { host: string; port: number }, socket: Socket): Upstream {
  return { host, port, intake: new Intake(socket), bytesUp: 0, bytesDown: 0 };
}

async function closeUpstream(upstream: Upstream, deps: DialDeps): Promise<void> {
  upstream.intake.socket.destroy();
  const { host, port, bytesUp, bytesDown } = upstream;
  await deps.tally.close({ host, port, bytesUp, bytesDown });
}

/** One request and its response. Throws `BadMessage` for what the client did and `UpstreamFault` for what the server did. */
async function exchange(
  head: RequestHead,
  path: string,
  ends: { client: Intake; upstream: Upstream; isReused: boolean; progress: { answered: boolean } },
): Promise<Outcome> {
  const { client, upstream, progress } = ends;
  const socket = upstream.intake.socket;
  const upgrade = isWebSocket(head);
  const sent = requestText(head, path, upstream, upgrade);
  upstream.bytesUp += sent.length;
  await send(socket, sent); // a socket that is gone shows as an end below
  // The body goes up while the answer may already come down; a client that asked `Expect: 100-continue` waits for just that.
  const up =
    head.framing.kind === "none"
      ? Promise.resolve(true)
      : passBody(client, socket, head.framing, (bytes) => (upstream.bytesUp += bytes));
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
  for (;;) {
    const text = await upstreams(() => upstream.intake.readHead());
    if (bad !== undefined) throw bad;
    if (text === undefined) {
      if (isCutOff || client.socket.destroyed) return "end";
      const mayRepeat = ends.isReused && !progress.answered && head.framing.kind === "none";
      if (mayRepeat && IDEMPOTENT.test(head.method)) return "stale";
      throw new UpstreamFault("ended");
    }
    const answer = await upstreams(() => parseResponseHead(text));
    if (answer.status === 101) {
      if (!upgrade) throw new UpstreamFault("upgrade");
      progress.answered = true;
      await send(client.socket, `${text}\r\n\r\n`);
      await passThrough(client, upstream);
      return "end";
    }
    const framing = await upstreams(() => responseFraming(answer, head.method));
    const keep =
      answer.status < 200 ||
      (framing.kind !== "close" &&
        wantsMore(head) &&
        answer.version === "1.1" &&
        !connectionOptions(answer.fields).includes("close"));
    progress.answered = true;
    await send(client.socket, responseText(answer.line, answer.fields, keep));
    if (answer.status < 200) continue;
    const complete = await upstreams(() =>
      passBody(upstream.intake, client.socket, framing, (bytes) => (upstream.bytesDown += bytes)),
    );
    if (bad !== undefined) throw bad;
    // A body cut off must look cut off to the client too.
    if (!complete && framing.kind !== "close") client.socket.destroy();
    if (!keep || !complete) return "end";
    return (await up) ? "keep" : "end";
  }
}

/** What is wrong with a server's message is the server's fault. */
async function upstreams<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof BadMessage ? new UpstreamFault(error.message) : error;
  }
}

function wantsMore(head: RequestHead): boolean {
  const options = [
    ...connectionOptions(head.fields),
    ...valuesOf(head.fields, "proxy-connection").map((value) => value.toLowerCase()),
  ];
  return head.version === "1.1" && !options.includes("close");
}

function isWebSocket(head: RequestHead): boolean {
  return (
    head.method === "GET" &&
    head.framing.kind === "none" &&
    connectionOptions(head.fields).includes("upgrade") &&
    valuesOf(head.fields, "upgrade").join().toLowerCase() === "websocket"
  );
}

function requestText(head: RequestHead, path: string, to: { host: string; port: number }, upgrade: boolean): string {
  const name = to.host.includes(":") ? `[${to.host}]` : to.host;
  const lines = [`${head.method} ${path} HTTP/1.1`, `Host: ${to.port === 80 ? name : `${name}:${to.port}`}`];
  const dropped = new Set(connectionOptions(head.fields));
  for (const field of head.fields) {
    const key = field.name.toLowerCase();
    // A client may not have the length or the coding of its own body dropped by naming it in Connection.
    if (
      key === "host" ||
      HOP.has(key) ||
      (dropped.has(key) && !/^(content-length|transfer-encoding|authorization|cookie)$/.test(key))
    )
      continue;
    lines.push(`${field.name}: ${field.value}`);
  }
  lines.push(upgrade ? "Connection: Upgrade\r\nUpgrade: websocket" : "Connection: keep-alive");
  return `${lines.join("\r\n")}\r\n\r\n`;
}

function responseText(line: string, fields: readonly Field[], keep: boolean): string {
  const kept = fields.filter(({ name }) => !HOP.has(name.toLowerCase()));
  return `${[line.replace(/^HTTP\/1\.0/, "HTTP/1.1"), ...kept.map(({ name, value }) => `${name}: ${value}`), `Connection: ${keep ? "keep-alive" : "close"}`].join("\r\n")}\r\n\r\n`;
}

/** Passes one body. True when it came to its own end; a body that ends with the connection never does. */
async function passBody(from: Intake, to: Socket, framing: Framing, count: (bytes: number) => void): Promise<boolean> {
  if (framing.kind === "none" || (framing.kind === "length" && framing.bytes === 0)) return true;
  const watch = watchBody(framing);
  for (;;) {
    const piece = await from.read();
    if (piece === undefined) return false;
    const { bytes, done } = watch.take(piece);
    count(bytes);
    if (bytes > 0 && !(await send(to, bytes === piece.length ? piece : piece.subarray(0, bytes)))) return false;
    if (bytes < piece.length) from.unread(piece.subarray(bytes));
    if (done) return true;
  }
}

/** After a switch of protocols: bytes both ways until either ends. */
async function passThrough(client: Intake, upstream: Upstream): Promise<void> {
  const down = passBody(
    upstream.intake,
    client.socket,
    { kind: "close" },
    (bytes) => (upstream.bytesDown += bytes),
  ).then(() => client.socket.end());
  const up = passBody(client, upstream.intake.socket, { kind: "close" }, (bytes) => (upstream.bytesUp += bytes)).then(
    () => upstream.intake.socket.end(),
  );
  await Promise.all([down, up]);
}
