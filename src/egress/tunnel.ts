// CONNECT (RFC 9110 section 9.3.6). A preset's registry on a port of its own may speak plain HTTP, judged as such. Port 80 is plain HTTP whatever it is called, and each request in it is judged. Any other port must
// speak TLS to the very name that was asked for (NET-6); only a rule that names its port opens a tunnel for bytes that are neither.
import { pipeline } from "node:stream/promises";
import { isAddress } from "#core/net";
import { type DialDeps, dial, judge, placeOf } from "./dial.ts";
import { authority, refuse, serveRequests } from "./exchange.ts";
import { BadMessage, type RequestHead } from "./head.ts";
import { type Hello, readHello } from "./hello.ts";
import type { Intake } from "./intake.ts";
import { send } from "./intake.ts";

const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";
const HELLO_MS = 30_000;
const HINT =
  "a tunnel must speak TLS to the name it was opened for; a rule that names its port opens one for other bytes";

/** Serves one CONNECT to its end. Throws `BadMessage` for a request that is none. */
export async function serveConnect(head: RequestHead, client: Intake, deps: DialDeps): Promise<void> {
  if (head.framing.kind !== "none" && !(head.framing.kind === "length" && head.framing.bytes === 0))
    throw new BadMessage("connect-body");
  if (!/:\d+$/.test(head.target)) throw new BadMessage("authority");
  const { host, port } = authority(head.target, 443);
  const rule = judge(deps.plan, host, port);
  if ("status" in rule) return refuse(client, deps, rule);
  if (port === 80) {
    await send(client.socket, ESTABLISHED);
    return serveRequests(client, { deps, fixed: { host, port } });
  }
  const opaque = rule.portNamed && port !== 443;
  client.socket.setTimeout(0); // the dial and the hello have their own bounds; then silence may be a slow answer
  const dialled = await dial(deps, { host, port, rule, scheme: port === 443 ? "tls" : "tcp" });
  if ("status" in dialled) return refuse(client, deps, dialled);
  const upstream = dialled.socket;
  client.socket.once("close", () => upstream.destroy());
  await send(client.socket, ESTABLISHED);
  // A server that speaks first (SSH) is heard at once on an opaque tunnel; elsewhere nothing passes before the hello agrees.
  const early = opaque ? upstream.pipe(client.socket) : undefined;
  const first = await firstBytes(client);
  if (first.hello.kind === "not-tls" && !opaque && port !== 443) {
    client.unread(first.bytes);
    return serveRequests(client, { deps, fixed: { host, port }, dialled: upstream });
  }
  const agreed = agrees(first.hello, host, opaque);
  if (agreed !== undefined) {
    upstream.destroy();
    await deps.tally.refuse({ host, port, reason: agreed, hint: HINT, rule: placeOf(rule) });
    client.socket.destroy();
  } else {
    await send(upstream, first.bytes);
    const rest = client.release();
    if (rest.length > 0) await send(upstream, rest);
    await Promise.allSettled([
      pipeline(client.socket, upstream),
      early === undefined
        ? pipeline(upstream, client.socket)
        : new Promise((done) => client.socket.once("close", done)),
    ]);
  }
  await deps.tally.close({ host, port, bytesUp: upstream.bytesWritten, bytesDown: upstream.bytesRead });
}

/** Everything the client sends until it is clear what it speaks. */
async function firstBytes(client: Intake): Promise<{ bytes: Buffer; hello: Hello }> {
  let bytes: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => client.socket.destroy(), HELLO_MS);
  try {
    for (;;) {
      const hello = readHello(bytes);
      if (hello.kind !== "incomplete") return { bytes, hello };
      const piece = await client.read();
      if (piece === undefined)
        return { bytes, hello: bytes.length === 0 ? { kind: "incomplete" } : { kind: "malformed" } };
      bytes = Buffer.concat([bytes, piece]);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** The reason of a refusal, or `undefined`. */
function agrees(hello: Hello, host: string, opaque: boolean): string | undefined {
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
