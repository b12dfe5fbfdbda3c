// CONNECT (RFC 9110 section 9.3.6): one way to ask for a tunnel.

import { authority } from "./destination.ts";
import type { DialDeps } from "./dial.ts";
import { BadMessage, type RequestHead, valuesOf } from "./head.ts";
import { type Intake, send } from "./intake.ts";
import { refuse } from "./refusal.ts";
import { serveTunnel } from "./tunnel.ts";

const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";

/** Serves one CONNECT to its end. Throws `BadMessage` for a request that is none. */
export async function serveConnect(head: RequestHead, client: Intake, deps: DialDeps): Promise<void> {
  if (head.framing.kind !== "none" && !(head.framing.kind === "length" && head.framing.bytes === 0))
    throw new BadMessage("connect-body");
  if (!/:\d+$/.test(head.target)) throw new BadMessage("authority");
  const to = authority(head.target, 443);
  const hosts = valuesOf(head.fields, "host");
  if (hosts.length > 1) throw new BadMessage("host");
  // Some clients leave the port out of Host here; another name or another port is never meant.
  const named = hosts[0] === undefined ? to : authority(hosts[0], to.port);
  if (named.host !== to.host || named.port !== to.port) throw new BadMessage("host-differs");
  await serveTunnel(client, to, {
    deps,
    greeting: {
      accept: async () => void (await send(client.socket, ESTABLISHED)),
      refuse: (refusal) => refuse(client, deps, refusal),
    },
  });
}
