// `mcp proxy --login`: the gateway becomes a client of the server's authorization server, with the person there. A session of its own keeps the record of it.
import { err, type Problem, type Result } from "#core";
import { login, openExchanger, readTarget, urlOf } from "#mcp";
import type { Refusal } from "../request.ts";
import { opening } from "./proxy-server.ts";
import { loginsOf } from "./upstream-login.ts";
import { openUpstreamSession, type UpstreamRequest } from "./upstream-session.ts";
import { wayOut } from "./way-out.ts";

/** Who logs in where. */
export type ServerLoginRequest = Omit<UpstreamRequest, "url" | "given"> & {
  readonly address: string;
  /** Registered by hand, or the https address of a client's metadata. */
  readonly oauthClient?: { readonly id: string; readonly secret?: string };
  readonly scope?: string;
  readonly show: (lines: readonly string[]) => void;
  readonly stop: AbortSignal;
};

/** Logs in and keeps the tokens; answers with who gave them. */
export async function loginToServer(request: ServerLoginRequest): Promise<Result<string, Refusal>> {
  const { server, stateDir } = request;
  const target = readTarget(request.address);
  const refused = (problem: Problem, exitCode: number): Result<never, Refusal> =>
    err({ exitCode, problems: [problem] });
  if (!target.ok) return refused(target.error, 64);
  // Where tokens are given only the server says. Any public name may be asked for metadata over https; every one is on record, and the person sees
  // whom they log in to before they do.
  const commandLine = opening(request.commandLine, server, ["*:443"]);
  const upstream: UpstreamRequest = { ...request, commandLine, url: new URL(urlOf(target.value)) };
  const opened = await openUpstreamSession(upstream);
  if (!opened.ok) return opened;
  const exchanger = openExchanger(wayOut(opened.value, upstream));
  try {
    const { show, scope, oauthClient } = request;
    const done = await login({
      ...{ exchanger, show, server: target.value, store: loginsOf(stateDir), now: Date.now },
      ...(scope === undefined ? {} : { scope }),
      ...(oauthClient === undefined ? {} : { client: oauthClient }),
      signal: AbortSignal.any([request.stop, opened.value.failed]),
    });
    return done.ok ? { ok: true, value: done.value.issuer } : refused(done.error, 1);
  } finally {
    exchanger.close();
    await opened.value.close({});
  }
}
