// `mcp proxy --login`: the gateway becomes a client of the server's authorization server, with the person there. Only the server says who that is, so its
// hosts are opened one by one as they are named, by name, to public addresses, and told; each try is a session of its own, on record.
import { err, ok, type Problem, type Result } from "#core";
import { type HttpTarget, isInside, login, openExchanger, readTarget, urlOf, type Way } from "#mcp";
import type { Refusal } from "../request.ts";
import { opening } from "./proxied-server.ts";
import { loginsOf } from "./upstream-login.ts";
import { openUpstreamSession, type UpstreamRequest } from "./upstream-session.ts";
import { wayOut } from "./way-out.ts";

/** Who logs in where. */
export type ServerLoginRequest = Omit<UpstreamRequest, "url" | "given"> & {
  readonly address: string;
  /** Registered by hand, or the https address of a client's metadata. */
  readonly oauthClient?: { readonly id: string; readonly secret?: string };
  /** The authorization server that the person means. */
  readonly issuer?: string;
  readonly scope?: string;
  readonly show: (lines: readonly string[]) => void;
  readonly stop: AbortSignal;
};

/** The issuer's metadata, its tokens, its registration: no login needs more. */
const HOSTS_MOST = 3;

/** Logs in and keeps the tokens; answers with who gave them. */
export async function loginToServer(request: ServerLoginRequest): Promise<Result<string, Refusal>> {
  const target = readTarget(request.address);
  if (!target.ok) return err({ exitCode: 64, problems: [target.error] });
  const hosts: string[] = [];
  for (;;) {
    const tried = await attempt(request, target.value, hosts);
    if (!tried.ok || tried.value.issuer !== undefined) return tried.ok ? ok(tried.value.issuer ?? "") : tried;
    const { problem, wanted } = tried.value;
    const refuse = (why: Problem): Result<never, Refusal> => err({ exitCode: 1, problems: [why] });
    if (wanted === undefined) return refuse(problem);
    if (isInside(wanted.host)) return refuse(inside(wanted, problem));
    if (hosts.includes(placeOf(wanted)) || hosts.length >= HOSTS_MOST) return refuse(problem);
    request.progress(`the server's logins are at ${placeOf(wanted)}`);
    hosts.push(placeOf(wanted));
  }
}

type Tried =
  | { readonly issuer: string }
  | { readonly issuer?: undefined; readonly problem: Problem; readonly wanted: Place | undefined };

type Place = Pick<HttpTarget, "host" | "port">;

async function attempt(
  request: ServerLoginRequest,
  server: HttpTarget,
  hosts: readonly string[],
): Promise<Result<Tried, Refusal>> {
  const commandLine = opening(request.commandLine, request.server, hosts);
  const upstream: UpstreamRequest = { ...request, commandLine, url: new URL(urlOf(server)) };
  const opened = await openUpstreamSession(upstream);
  if (!opened.ok) return opened;
  const open = opened.value;
  const known = [placeOf(server), ...hosts];
  let wanted: Place | undefined;
  const way = wayOut(open, upstream);
  const watched: Way = {
    ...way,
    dial: async (to) => {
      const dialled = await way.dial(to);
      if (!dialled.ok && !known.includes(placeOf(to))) wanted = to;
      return dialled;
    },
  };
  const exchanger = openExchanger(watched);
  try {
    const { show, scope, issuer, oauthClient } = request;
    const done = await login({
      ...{ exchanger, show, server, store: loginsOf(request.stateDir), now: Date.now },
      ...(scope === undefined ? {} : { scope }),
      ...(issuer === undefined ? {} : { issuer }),
      ...(oauthClient === undefined ? {} : { client: oauthClient }),
      reachable: (places) => {
        // What is inside is never opened here: its dialling says whether the policy does.
        wanted = places.find((place) => !isInside(place.host) && !known.includes(placeOf(place)));
        return wanted === undefined ? undefined : unknown(placeOf(wanted));
      },
      signal: AbortSignal.any([request.stop, open.failed]),
    });
    return ok(done.ok ? { issuer: done.value.issuer } : { problem: done.error, wanted });
  } finally {
    exchanger.close();
    await open.close({});
  }
}

function placeOf({ host, port }: Place): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** A server that this machine reaches, and that itself may be in a container or at a tunnel's other end, names no neighbour by itself. */
function inside(place: Place, { message }: Problem): Problem {
  const isName = place.host === "localhost";
  const block = isName ? "127.0.0.1/32" : `${place.host}/${place.host.includes(":") ? 128 : 32}`;
  return {
    code: "mcp-oauth-inside",
    message: `the server sends its logins into this machine or its network: ${message}`,
    hint: `where that is meant, say so: --allow-domain ${placeOf(place)}=${block}`,
  };
}

function unknown(place: string): Problem {
  return {
    code: "mcp-oauth-hosts",
    message: `the login wants one more host, ${place}`,
    hint: "a person can open it with --allow-domain of `ringfence mcp proxy`",
  };
}
