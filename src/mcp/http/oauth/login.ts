// One login, from the server's own challenge to tokens on disk. The person opens the address that is shown; nothing here starts a program.
import { createHash, randomBytes } from "node:crypto";
import { err, ok, type Problem, type Result } from "#core";
import { forTerminal } from "#core/text";
import type { Exchanger } from "../exchange.ts";
import { type HttpTarget, isSameOrigin, originOf, shownUrl, urlOf } from "../place.ts";
import { problem } from "./ask-json.ts";
import { openCallback } from "./callback.ts";
import { isScope, readChallenge } from "./challenge.ts";
import type { OAuthClient } from "./client-auth.ts";
import { secretFor, strangeEndpoints } from "./endpoints.ts";
import { findIssuer, findResource, type Issuer, type Resource } from "./metadata.ts";
import { clientOf } from "./registration.ts";
import type { Login, TokenStore } from "./token-store.ts";
import { askTokens } from "./tokens.ts";

/** What a login needs. */
export interface LoginRequest {
  readonly exchanger: Exchanger;
  readonly server: HttpTarget;
  readonly store: TokenStore;
  /** A client that was registered by hand, or the https address of a client's metadata. */
  readonly client?: OAuthClient;
  /** The authorization server that the person means: whom its metadata name is trusted then. */
  readonly issuer?: string;
  /** More than the server asks for. */
  readonly scope?: string;
  /** Asked with every place that will be spoken to, before the person is sent anywhere; a problem ends the login. */
  readonly reachable?: (places: readonly HttpTarget[]) => Problem | undefined;
  /** Shows the person an address, whole. */
  readonly show: (lines: readonly string[]) => void;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** For tests; five minutes otherwise. */
  readonly waitMs?: number;
}

const WAIT_MS = 5 * 60_000;

/** Logs in and keeps the tokens. */
export async function login(request: LoginRequest): Promise<Result<Login, Problem>> {
  const { exchanger, server, signal } = request;
  const resource = await resourceOf(request);
  if (!resource.ok) return resource;
  const named = issuerFor(request, resource.value);
  if (!named.ok) return named;
  const issuer = await findIssuer(exchanger, named.value, signal);
  if (!issuer.ok) return issuer;
  const distrusted = distrust(request, issuer.value);
  if (distrusted !== undefined) return err(distrusted);
  const { token, registration } = issuer.value;
  const unreachable = request.reachable?.(registration === undefined ? [token] : [token, registration]);
  if (unreachable !== undefined) return err(unreachable);
  const callback = await openCallback({
    issuer: issuer.value.issuer,
    saysIss: issuer.value.saysIss,
    ms: request.waitMs ?? WAIT_MS,
  });
  if (!callback.ok) return callback;
  const abort = (): void => callback.value.close();
  signal.addEventListener("abort", abort, { once: true });
  try {
    const { redirect, state } = callback.value;
    const client = await clientOf({ exchanger, issuer: issuer.value, given: request.client, redirect, signal });
    if (!client.ok) return client;
    const verifier = randomBytes(32).toString("base64url");
    const scope = scopeOf(request, { resource: resource.value, issuer: issuer.value });
    const asked = authorizationUrl(issuer.value, {
      response_type: "code",
      client_id: client.value.id,
      redirect_uri: redirect,
      state,
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      resource: resource.value.resource,
      ...(scope === undefined ? {} : { scope }),
    });
    request.show([
      `log in to ${originOf(issuer.value.authorization)} for ${originOf(server)}: open this address in a browser of this machine`,
      shownUrl(asked),
      ...(scope === undefined ? [] : [`what it asks you to allow: ${forTerminal(scope)}`]),
      ...issuer.value.strange.map(
        ({ what, target }) => `${what} of ${forTerminal(issuer.value.issuer)} is elsewhere: ${shownUrl(target)}`,
      ),
    ]);
    const code = await callback.value.code;
    if (!code.ok) return code;
    const tokens = await askTokens(exchanger, {
      ...{ issuer: issuer.value, client: client.value, resource: resource.value.resource, signal, now: request.now() },
      grant: { kind: "code", code: code.value, verifier, redirect },
    });
    if (!tokens.ok) return tokens;
    const done: Login = {
      issuer: issuer.value.issuer,
      resource: resource.value.resource,
      tokenEndpoint: urlOf(issuer.value.token),
      client: client.value,
      // A scope that is not said is the one that was asked for (RFC 6749 section 5.1).
      tokens: { ...(scope === undefined ? {} : { scope }), ...tokens.value },
    };
    request.store.save(urlOf(server), done);
    return ok(done);
  } finally {
    signal.removeEventListener("abort", abort);
    callback.value.close();
  }
}

/** What the server says to somebody without a token, and who gives tokens for it. One that lets everybody in needs no login. */
async function resourceOf({ exchanger, server, signal }: LoginRequest): Promise<Result<Resource, Problem>> {
  const answered = await exchanger.ask({
    target: server,
    method: "POST",
    fields: { accept: "application/json, text/event-stream", "content-type": "application/json" },
    body: Buffer.from('{"jsonrpc":"2.0","id":"login","method":"ping"}'),
    signal,
    headMs: 20_000,
  });
  if (!answered.ok) return answered;
  answered.value.destroy();
  const { statusCode = 0, headers } = answered.value;
  if (statusCode === 401) return findResource(exchanger, server, readChallenge(headers["www-authenticate"]), signal);
  // Some want a login for their tools alone: whether they do, their metadata say.
  const found = await findResource(exchanger, server, undefined, signal);
  return found.ok && !found.value.isAssumed
    ? found
    : err(problem("mcp-oauth-open", `${originOf(server)} asks for no login (HTTP ${statusCode})`));
}

/** The one that the person means, if the server names it; else the server's first. */
function issuerFor({ issuer }: LoginRequest, { issuers }: Resource): Result<string, Problem> {
  const [first = ""] = issuers;
  if (issuer === undefined || issuers.includes(issuer)) return ok(issuer ?? first);
  const all = issuers.map((one) => forTerminal(one, { max: 300 })).join(", ");
  return err(problem("mcp-oauth-issuer", `the server does not name ${forTerminal(issuer)} for its logins, but ${all}`));
}

/** Whether a code or a secret would go to whoever the server names; the person's own word for the issuer settles it. */
function distrust({ server, issuer: meant, client }: LoginRequest, issuer: Issuer): Problem | undefined {
  if (meant !== undefined) return undefined;
  if (issuer.strange.length > 0 && !issuer.saysIss) return strangeEndpoints(issuer.issuer, issuer.strange);
  const isServers = isSameOrigin(issuer.token, server);
  return client?.secret === undefined || isServers ? undefined : secretFor(issuer.issuer, issuer.token);
}

/** What the server and the person want, and what was granted there before: a login for more takes nothing away. */
function scopeOf(
  { scope, store, server }: LoginRequest,
  { resource, issuer }: { readonly resource: Resource; readonly issuer: Issuer },
): string | undefined {
  const before = store.find(urlOf(server));
  const granted = before?.issuer === issuer.issuer ? before.tokens.scope : undefined;
  const all = [resource.scope, scope, granted].flatMap((text) => text?.split(" ") ?? []);
  const text = [...new Set(all)].join(" ");
  return isScope(text) ? text : undefined;
}

function authorizationUrl({ authorization }: Issuer, parameters: Readonly<Record<string, string>>): HttpTarget {
  const joint = authorization.path.includes("?") ? "&" : "?";
  return { ...authorization, path: `${authorization.path}${joint}${new URLSearchParams(parameters)}` };
}
