// `mcp proxy`: an HTTP server behind the gateway. Its client speaks stdio, or HTTP on this machine; no fence, because nothing of it runs here.
import type { Readable, Writable } from "node:stream";
import { err, ok, type Problem, type Result } from "#core";
import { type ServerTarget, urlTarget } from "#core/mcp";
import {
  type HttpTarget,
  type LaneParts,
  type McpPorts,
  openExchanger,
  openGatekeeper,
  openListener,
  openStdioFront,
  openUpstream,
  ownLockFile,
  readTarget,
  urlOf,
  watchLock,
} from "#mcp";
import type { Refusal } from "../request.ts";
import { gatekeeperOf } from "./gatekeeper-of.ts";
import { type GivenField, loginsOf, upstreamCredential } from "./upstream-login.ts";
import { openUpstreamSession, type UpstreamRequest } from "./upstream-session.ts";
import { wayOut } from "./way-out.ts";

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
export type ProxyRequest = Omit<UpstreamRequest, "url" | "given"> & {
  /** The server's address, as it was written. */
  readonly address: string;
  readonly given: readonly GivenField[];
  readonly front: ClientSide;
  readonly stop: AbortSignal;
};

/** How it ended: `server` ended the session, or this side did. */
export type ProxyAnswer = Result<"client" | "server", Refusal>;

/** Serves until its client has ended, the server has, or it is stopped. */
export async function proxyServer(request: ProxyRequest): Promise<ProxyAnswer> {
  const read = targetOf(request.address);
  if (!read.ok) return err({ exitCode: 64, problems: [read.error] });
  const { target, pinned } = read.value;
  const upstream: UpstreamRequest = {
    ...request,
    url: new URL(urlOf(target)),
    given: request.given.map(({ variable, value }) => ({ name: `$${variable}`, value: Buffer.from(value) })),
    commandLine: withTokenHost(request, target),
  };
  const opened = await openUpstreamSession(upstream);
  if (!opened.ok) return opened;
  const open = opened.value;
  const exchanger = openExchanger(wayOut(open, upstream));
  const stop = AbortSignal.any([request.stop, open.failed]);
  try {
    const credential = upstreamCredential({ open, exchanger, target, given: request.given, signal: stop });
    const gatekeeper = gatekeeperOf(open.session, pinned);
    const lane: LaneParts = {
      upstream: openUpstream({ exchanger, target, credential }),
      gatekeeper: (asker) => openGatekeeper({ ...gatekeeper, asker }),
      dropped: (tool, why) => open.session.tell(`the tool \`${tool}\` is not served: ${why}`),
    };
    const { stateDir, server, root } = open.session;
    const lockFile = ownLockFile({ stateDir, server, target: pinned, workspace: root });
    const { ports } = gatekeeper;
    const ended = await serve(request.front, { lane, ports, stop, lockFile });
    if (!ended.ok) return err({ exitCode: 125, problems: [ended.error] });
    return open.failed.aborted ? err({ exitCode: 125, problems: [open.failed.reason as Problem] }) : ended;
  } finally {
    exchanger.close();
    await open.close({});
  }
}

async function serve(
  client: ClientSide,
  parts: {
    readonly lane: LaneParts;
    readonly ports: McpPorts;
    readonly stop: AbortSignal;
    readonly lockFile: string;
  },
): Promise<Result<"client" | "server", Problem>> {
  const { lane, ports, stop } = parts;
  const stopped = new Promise<"client">((done) => {
    if (stop.aborted) done("client");
    stop.addEventListener("abort", () => done("client"), { once: true });
  });
  if (client.kind === "stdio") {
    const front = openStdioFront({ fromClient: client.input, toClient: client.output, lane });
    const unwatch = watchLock(parts.lockFile, () => void front.reverify());
    const who = await Promise.race([front.done, stopped]);
    unwatch();
    await front.close();
    return ok(who);
  }
  const { host, port, token } = client;
  const listener = await openListener({ host, port, token, path: "/mcp", lane, ports });
  if (!listener.ok) return listener;
  client.ready(listener.value.url);
  await stopped;
  await listener.value.close();
  return ok("client");
}

function targetOf(address: string): Result<{ readonly target: HttpTarget; readonly pinned: ServerTarget }, Problem> {
  const target = readTarget(address);
  if (!target.ok) return target;
  const pinned = urlTarget(urlOf(target.value));
  if (pinned === undefined) throw new Error("an address that is read is one that is pinned");
  return ok({ target: target.value, pinned });
}

/** Renewing a login asks the host that gave it, which the person saw and logged in to. */
function withTokenHost({ server, stateDir, commandLine }: ProxyRequest, target: HttpTarget): object {
  const login = loginsOf(stateDir).find(urlOf(target));
  const token = login === undefined ? undefined : readTarget(login.tokenEndpoint);
  if (token?.ok !== true) return commandLine;
  const { host, port } = token.value;
  return opening(commandLine, server, [`${host}:${port}`]);
}

/** The same layer with more hosts for this server. */
export function opening(commandLine: object, server: string, rules: readonly string[]): object {
  const part = (value: object, key: string): Readonly<Record<string, unknown>> => {
    const found = Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
    return typeof found === "object" && found !== null ? (found as Readonly<Record<string, unknown>>) : {};
  };
  const mcp = part(commandLine, "mcp");
  const servers = part(mcp, "servers");
  const own = part(servers, server);
  const network = part(own, "network");
  const allow = Array.isArray(network["allow"]) ? (network["allow"] as readonly unknown[]) : [];
  return {
    ...commandLine,
    mcp: {
      ...mcp,
      servers: { ...servers, [server]: { ...own, network: { ...network, allow: [...allow, ...rules] } } },
    },
  };
}
