// `mcp proxy`: an HTTP server behind the gateway. Its client speaks stdio, or HTTP on this machine; no fence, because nothing of it runs here.
import type { Readable, Writable } from "node:stream";
import { ok, type Problem, type Result } from "#core";
import {
  type LaneParts,
  type LockFiles,
  type McpPorts,
  openGatekeeper,
  openListener,
  openStdioFront,
  watchLocks,
} from "#mcp";
import { cannot } from "../refusals.ts";
import type { Refusal } from "../request.ts";
import { gatekeeperOf } from "./gatekeeper-of.ts";
import { openProxied, type ProxiedRequest } from "./proxied-server.ts";

/** Who speaks with it. */
export type ClientSide =
  | { readonly kind: "stdio"; readonly input: Readable; readonly output: Writable }
  | {
      readonly kind: "listen";
      readonly host: "127.0.0.1" | "::1";
      readonly port: number;
      readonly token: string;
      /** It listens. */
      readonly ready: (url: string) => void;
    };

/** What is served, and to whom. */
export type ProxyRequest = ProxiedRequest & { readonly front: ClientSide };

/** How it ended: `server` ended the session, or this side did. */
export type ProxyAnswer = Result<"client" | "server", Refusal>;

/** Serves until its client has ended, the server has, or it is stopped. */
export async function proxyServer(request: ProxyRequest): Promise<ProxyAnswer> {
  const opened = await openProxied(request);
  if (!opened.ok) return opened;
  const { open, pinned, upstream, stop, close } = opened.value;
  try {
    const gatekeeper = gatekeeperOf(open.session, pinned);
    const lane: LaneParts = {
      upstream,
      gatekeeper: (asker) => openGatekeeper({ ...gatekeeper, asker }),
      dropped: (tool, why) => open.session.tell(`the tool \`${tool}\` is not served: ${why}`),
    };
    const { ports, locks } = gatekeeper;
    const ended = await serve(request.front, { lane, ports, stop, locks });
    if (!ended.ok) return cannot(ended.error);
    return open.failed.aborted ? cannot(open.failed.reason as Problem) : ended;
  } finally {
    await close();
  }
}

async function serve(
  client: ClientSide,
  parts: {
    readonly lane: LaneParts;
    readonly ports: McpPorts;
    readonly stop: AbortSignal;
    readonly locks: LockFiles;
  },
): Promise<Result<"client" | "server", Problem>> {
  const { lane, ports, stop, locks } = parts;
  const stopped = new Promise<"client">((done) => {
    if (stop.aborted) done("client");
    stop.addEventListener("abort", () => done("client"), { once: true });
  });
  if (client.kind === "stdio") {
    const front = openStdioFront({ fromClient: client.input, toClient: client.output, lane });
    const unwatch = watchLocks(locks, () => void front.reverify());
    const who = await Promise.race([front.done, stopped]);
    unwatch();
    await front.close();
    return ok(who);
  }
  const { host, port, token } = client;
  const listener = await openListener({ host, port, token, path: "/mcp", lane, ports });
  if (!listener.ok) return listener;
  const unwatch = watchLocks(locks, () => void listener.value.reverify());
  client.ready(listener.value.url);
  await stopped;
  unwatch();
  await listener.value.close();
  return ok("client");
}
