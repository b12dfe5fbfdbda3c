// A connection of a program that knows of no proxy and was turned here (NET-4). It asked for nothing, so its name is the one that its address was
// given for, or the address; what it then says must agree. A no is told as well as a program that expects no proxy can hear it.
import { parseHost } from "#core/net";
import type { DialDeps } from "./dial.ts";
import { readHello } from "./hello.ts";
import { type Intake, send } from "./intake.ts";
import { type Refusal, refusalResponse } from "./refusal.ts";
import { serveTunnel } from "./tunnel.ts";

/** How long a refused program may take to say what it speaks. */
const SPEAK_MS = 2_000;
// RFC 8446 section 6.2: fatal, access_denied.
const ACCESS_DENIED = Buffer.from([0x15, 3, 3, 0, 2, 2, 49]);

/** Serves one to its end. */
export async function serveTurned(
  client: Intake,
  to: { readonly host: string; readonly port: number },
  deps: DialDeps,
): Promise<void> {
  const { port } = to;
  const host = parseHost(to.host);
  const greeting = { accept: async () => undefined, refuse: (refusal: Refusal) => deny(client, refusal, deps) };
  if (host === undefined) {
    const hint = "the name that was looked up is no host name";
    return deny(client, { status: 400, host: to.host, port, reason: "bad-host", hint }, deps);
  }
  await serveTunnel(client, { host, port }, { deps, greeting });
}

/** Records the no at once. HTTP gets an answer, TLS an alert, everything else an end. */
async function deny(client: Intake, refusal: Refusal, deps: DialDeps): Promise<void> {
  await deps.tally.refuse(refusal, deps.peer);
  if (await client.arrives(SPEAK_MS)) {
    const said = (await client.read()) ?? Buffer.alloc(0);
    if (/^[A-Z]{3,10} \//.test(said.toString("latin1", 0, 16))) await send(client.socket, refusalResponse(refusal));
    else if (refusal.status < 500 && said.length > 0 && readHello(said).kind !== "not-tls")
      await send(client.socket, ACCESS_DENIED);
  }
  client.socket.destroySoon();
}
