// A connection that asks for a place first (CONNECT, SOCKS) or was redirected from it, and only then speaks. Port 80 is plain HTTP whatever it is
// called, and each request in it is judged. Any other port must speak TLS to the very name that was asked for (NET-6); only a rule that names its
// port lets bytes pass that are neither, and never where requests must be read.
import type { Socket } from "node:net";
import { isAddress, readingOf } from "#core/net";
import { type DialDeps, dial, judge, placeOf } from "./dial.ts";
import type { HttpFilter } from "./filter.ts";
import type { Hello } from "./hello.ts";
import { InspectFault } from "./inspector.ts";
import { Intake, send } from "./intake.ts";
import type { FilterRefusal } from "./made.ts";
import { openingHello, opensRequest, requestWatch } from "./opening.ts";
import { passRaw } from "./pass.ts";
import type { Refusal } from "./refusal.ts";
import { serveRequests } from "./requests.ts";
import { upstreamOf } from "./upstream.ts";

/** How the way in says yes or no. */
export interface Greeting {
  accept(): Promise<void>;
  /** Records it too, and ends the connection. */
  refuse(refusal: Refusal): Promise<void>;
}

/** Where a tunnel leads. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

const HELLO_MS = 30_000;
/** Clients that speak HTTP send its first line in one piece; others may wait for an answer within theirs. */
const LINE_MS = 200;
/** One side has ended: the other may finish what it says, for so long without a byte. */
const HALF_OPEN_MS = 10 * 60_000;
const HINT =
  "a tunnel must speak TLS to the name it was opened for; a rule that names its port opens one for other bytes";

/** Serves one tunnel to its end. */
export async function serveTunnel(
  client: Intake,
  to: Place,
  { deps, greeting }: { deps: DialDeps; greeting: Greeting },
): Promise<void> {
  const { host, port } = to;
  const rule = judge(deps, host, port);
  if ("status" in rule) return greeting.refuse(rule);
  if (port === 80) {
    await greeting.accept();
    return serveRequests(client, { deps, fixed: { scheme: "http", host, port } });
  }
  const mustRead = deps.filters.some((filter) => filter.needs(host, port));
  // what the rules need is never left to whoever reads
  const byRule = readingOf(deps.plan(), to, { must: false, may: false }) !== "no";
  if (byRule || (deps.inspector?.needs(host, port) ?? mustRead)) {
    await greeting.accept();
    return readable(client, to, deps);
  }
  const opaque = rule.portNamed && port !== 443 && !mustRead;
  const watches = deps.filters.flatMap((filter) => filter.tunnel?.(host, port) ?? []);
  const no = watches.find((watch) => typeof watch !== "function");
  if (no !== undefined) return greeting.refuse({ status: 403, host, port, ...no });
  client.socket.setTimeout(0); // the dial and the hello have their own bounds; then silence may be a slow answer
  const dialled = await dial(deps, { host, port, rule, scheme: port === 443 ? "tls" : "tcp" });
  if ("status" in dialled) return greeting.refuse(dialled);
  const upstream = dialled.socket;
  const since = performance.now();
  client.socket.once("close", () => upstream.destroy());
  if (client.socket.destroyed) upstream.destroy();
  await greeting.accept();
  const server = new Intake(upstream, dialled.landing);
  let passes: "unread" | "requests" | undefined;
  const hear = (): void => {
    if (passes === undefined) heard(server, client.socket);
    passes ??= "unread";
  };
  // A server that speaks first (SSH) is heard at once on an opaque tunnel; elsewhere nothing passes before the hello agrees.
  if (opaque) void server.arrives().then(hear);
  const hello = await openingHello(client, opaque ? HALF_OPEN_MS : HELLO_MS);
  const isOther = hello.kind === "not-tls" && port !== 443;
  // What speaks HTTP is held to it also where other bytes may pass: its Host must be the name that was asked for.
  if (isOther && (!opaque || (await opensRequest(client, LINE_MS))) && passes === undefined) {
    passes = "requests";
    const fixed = { scheme: "http", host, port } as const;
    return serveRequests(client, { deps, fixed, dialled: upstreamOf(fixed, { ...dialled, intake: server }, deps) });
  }
  const differs = disagreement(hello, host, opaque);
  if (differs !== undefined) {
    upstream.destroy();
    await deps.tally.refuse({ host, port, reason: differs, hint: HINT, rule: placeOf(rule) }, deps.peer);
    client.socket.destroy();
  } else {
    hear();
    await relay(client, upstream, watched(watches, to, deps));
  }
  const ms = Math.round(performance.now() - since);
  const { bytesRead: bytesDown, bytesWritten: bytesUp } = upstream;
  await deps.tally.close({ connection: dialled.connection, host, port, bytesUp, bytesDown, ms }, deps.peer);
}

const UNREADABLE = { reason: "tls", hint: "the TLS handshake with the program failed" };

type Watch = Exclude<ReturnType<NonNullable<HttpFilter["tunnel"]>>, { readonly reason: string }>;

/** Tells who watches what goes up. False, and on record, when one of them says no. */
function watched(watches: readonly (Watch | FilterRefusal)[], { host, port }: Place, deps: DialDeps) {
  const isRequest = requestWatch();
  return (piece: Buffer): boolean => {
    const said = watches.map((watch) => (typeof watch === "function" ? watch(piece.length) : watch));
    const no = isRequest(piece) ? IN_PIECES : said.find((one) => one !== undefined);
    if (no !== undefined) void deps.tally.refuse({ host, port, ...no }, deps.peer);
    return no === undefined;
  };
}

const IN_PIECES: FilterRefusal = {
  reason: "bad-request-request-line",
  hint: "a request in a tunnel begins with its whole first line, or it passes for other bytes and cannot be judged",
};

/** Passes on what the server says. */
function heard(server: Intake, client: Socket): void {
  void passRaw(server, client, { kind: "close" }, () => undefined).then(
    () => client.end(),
    () => client.destroy(),
  );
}

/** Passes on what the client says, until both ends have closed. */
async function relay(client: Intake, upstream: Socket, mayPass: (piece: Buffer) => boolean): Promise<void> {
  const { socket } = client;
  const behind = client.release();
  if (behind.length > 0 && mayPass(behind)) await send(upstream, behind);
  else if (behind.length > 0) upstream.destroy();
  if (client.hasEnded) upstream.end();
  else {
    // Before the pipe hears of it: what is too much is not sent.
    socket.on("data", (piece: Buffer) => {
      if (!mayPass(piece)) upstream.destroy();
    });
    socket.pipe(upstream);
  }
  socket.once("end", () => upstream.setTimeout(HALF_OPEN_MS, () => upstream.destroy()));
  upstream.once("end", () => socket.setTimeout(HALF_OPEN_MS, () => socket.destroy()));
  await Promise.all([closed(socket), closed(upstream).then(() => socket.destroySoon())]);
}

function closed(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((done) => socket.once("close", () => done()));
}

/** What is inside has to be read: TLS ends here, or it is plain HTTP. The server is dialled for the first request that may pass. */
async function readable(client: Intake, { host, port }: Place, deps: DialDeps): Promise<void> {
  const hello = await openingHello(client, HELLO_MS);
  if (hello.kind === "not-tls" && port !== 443)
    return serveRequests(client, { deps, fixed: { scheme: "http", host, port } });
  const refused = async (reason: string, hint: string): Promise<void> => {
    client.socket.destroy();
    await deps.tally.refuse({ host, port, reason, hint }, deps.peer);
  };
  const differs = disagreement(hello, host, false);
  if (differs !== undefined) return refused(differs, HINT);
  if (hello.kind === "incomplete") return client.socket.destroySoon();
  if (deps.inspector === undefined)
    return refused("not-inspected", "what is sent there has to be read, and nothing here reads TLS");
  const { socket } = client;
  const behind = client.release();
  if (behind.length > 0) socket.unshift(behind);
  let inside: Intake;
  try {
    inside = new Intake(await deps.inspector.terminate(socket, { host, port }));
  } catch (error) {
    const { reason, hint } = error instanceof InspectFault ? error.refusal : UNREADABLE;
    return refused(reason, hint);
  }
  await serveRequests(inside, { deps, fixed: { scheme: "https", host, port } });
}

/** The reason of a refusal, or `undefined`. */
function disagreement(hello: Hello, host: string, opaque: boolean): string | undefined {
  switch (hello.kind) {
    case "incomplete":
      return undefined; // the client ended without a byte: nothing to refuse, nothing to pass
    case "not-tls":
      return opaque ? undefined : "not-tls";
    case "malformed":
      return "bad-tls";
    case "hello":
      // RFC 6066: an address is never a server name; a name always is one, or the tunnel could lead anywhere behind it.
      if (hello.name === undefined) return isAddress(host) || opaque ? undefined : "tls-without-name";
      return hello.name.toLowerCase().replace(/\.$/, "") === host ? undefined : "tls-name-differs";
    default:
      return hello satisfies never;
  }
}
