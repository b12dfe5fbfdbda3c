// A server over HTTP with everything that its gateway needs to speak to it: a session on record, the one way out, and its own credential.
import { err, ok, type Problem, type Result } from "#core";
import { type ServerTarget, urlTarget } from "#core/mcp";
import { type HttpTarget, openExchanger, openUpstream, readTarget, sealText, type Upstream, urlOf } from "#mcp";
import type { Refusal } from "../request.ts";
import { type GivenField, loginsOf, upstreamCredential } from "./upstream-login.ts";
import { openUpstreamSession, type UpstreamRequest, type UpstreamSession } from "./upstream-session.ts";
import { wayOut } from "./way-out.ts";

/** Which one, and what its client's entry gives it. */
export type ProxiedRequest = Omit<UpstreamRequest, "url" | "given"> & {
  /** The server's address, as it was written. */
  readonly address: string;
  readonly given: readonly GivenField[];
  readonly stop: AbortSignal;
};

/** It can be spoken to, and has not been. The opener closes it. */
export interface ProxiedServer {
  readonly open: UpstreamSession;
  /** As a lock has it. */
  readonly pinned: ServerTarget;
  readonly upstream: Upstream;
  /** Aborted when nothing may be sent any more. */
  readonly stop: AbortSignal;
  close(): Promise<void>;
}

/** Opens it; nothing is dialled yet. */
export async function openProxied(request: ProxiedRequest): Promise<Result<ProxiedServer, Refusal>> {
  const read = targetOf(request.address);
  if (!read.ok) return err({ exitCode: 64, problems: [read.error] });
  const { target, pinned } = read.value;
  const wanted: UpstreamRequest = {
    ...request,
    url: new URL(urlOf(target)),
    given: request.given.map(({ variable, value }) => ({ name: `$${variable}`, value: Buffer.from(value) })),
    commandLine: withTokenHost(request, target),
  };
  const opened = await openUpstreamSession(wanted);
  if (!opened.ok) return opened;
  const open = opened.value;
  const exchanger = openExchanger(wayOut(open, wanted));
  const stop = AbortSignal.any([request.stop, open.failed]);
  const credential = upstreamCredential({ open, exchanger, target, given: request.given, signal: stop });
  return ok({
    ...{ open, pinned, stop },
    upstream: openUpstream({ exchanger, target, credential }),
    close: async () => {
      exchanger.close();
      await open.close({});
    },
  });
}

function targetOf(address: string): Result<{ readonly target: HttpTarget; readonly pinned: ServerTarget }, Problem> {
  const target = readTarget(address);
  if (!target.ok) return target;
  const pinned = urlTarget(urlOf(target.value), sealText);
  if (pinned === undefined) throw new Error("an address that is read is one that is pinned");
  return ok({ target: target.value, pinned });
}

/** Renewing a login asks the host that gave it, which the person saw and logged in to. */
function withTokenHost({ server, stateDir, commandLine }: ProxiedRequest, target: HttpTarget): object {
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
