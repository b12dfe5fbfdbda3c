// One login, from the server's own challenge to tokens on disk. The person opens the address that is shown; nothing here starts a program.
import { createHash, randomBytes } from "node:crypto";
import { err, ok, type Problem, type Result } from "#core";
import { isObject, member } from "#core/mcp";
import type { Exchanger } from "../exchange.ts";
import { type HttpTarget, originOf, shownUrl, urlOf } from "../place.ts";
import { askJson, problem } from "./ask-json.ts";
import { openCallback } from "./callback.ts";
import { type Challenge, isScope, readChallenge } from "./challenge.ts";
import { findIssuer, findResource, type Issuer, type Resource } from "./metadata.ts";
import type { Login, TokenStore } from "./token-store.ts";
import { askTokens, type OAuthClient } from "./tokens.ts";

/** What a login needs. */
export interface LoginRequest {
  readonly exchanger: Exchanger;
  readonly server: HttpTarget;
  readonly store: TokenStore;
  /** A client that was registered by hand, or the https address of a client's metadata. */
  readonly client?: OAuthClient;
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
  const challenge = await challengeOf(request);
  if (!challenge.ok) return challenge;
  const resource = await findResource(exchanger, server, challenge.value, signal);
  if (!resource.ok) return resource;
  const [first = ""] = resource.value.issuers;
  const issuer = await findIssuer(exchanger, first, signal);
  if (!issuer.ok) return issuer;
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
    const client = await clientOf(request, issuer.value, redirect);
    if (!client.ok) return client;
    const verifier = randomBytes(32).toString("base64url");
    const scope = scopeOf(request, resource.value);
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
      tokens: tokens.value,
    };
    request.store.save(urlOf(server), done);
    return ok(done);
  } finally {
    signal.removeEventListener("abort", abort);
    callback.value.close();
  }
}

/** What the server says to somebody without a token. One that lets everybody in needs no login. */
async function challengeOf({
  exchanger,
  server,
  signal,
}: LoginRequest): Promise<Result<Challenge | undefined, Problem>> {
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
  if (statusCode === 401) return ok(readChallenge(headers["www-authenticate"]));
  return err(problem("mcp-oauth-open", `${originOf(server)} asks for no login (HTTP ${statusCode})`));
}

/** Who this client is there: registered by hand, by the address of its metadata, or registered now (RFC 7591). */
async function clientOf(
  request: LoginRequest,
  issuer: Issuer,
  redirect: string,
): Promise<Result<OAuthClient, Problem>> {
  const { client, exchanger, signal } = request;
  if (client !== undefined) {
    const isUrl = client.id.startsWith("https://");
    if (!isUrl || issuer.takesClientUrls) return ok(client);
    return err(problem("mcp-oauth-client", `${issuer.issuer} takes no client by the address of its metadata`));
  }
  if (issuer.registration === undefined)
    return err({
      ...problem("mcp-oauth-client", `${originOf(issuer.authorization)} registers no clients by itself`),
      hint: "register one there by hand, with a redirect to http://127.0.0.1/callback, and give its id: --oauth-client-id ID",
    });
  const answer = await askJson(exchanger, {
    target: issuer.registration,
    json: {
      client_name: "MCP gateway",
      redirect_uris: [redirect],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      application_type: "native",
    },
    signal,
  });
  if (!answer.ok) return answer;
  const [id, secret] = ["client_id", "client_secret"].map((key) => member(answer.value.body, key));
  const isGood = (text: unknown): text is string => typeof text === "string" && /^[\x20-\x7e]{1,2048}$/.test(text);
  if (!isObject(answer.value.body) || answer.value.status > 299 || !isGood(id))
    return err(
      problem("mcp-oauth-client", `${originOf(issuer.registration)} registers no client (HTTP ${answer.value.status})`),
    );
  return ok({ id, ...(isGood(secret) ? { secret } : {}) });
}

function scopeOf({ scope }: LoginRequest, resource: Resource): string | undefined {
  const all = [resource.scope, scope].flatMap((text) => text?.split(" ") ?? []);
  const text = [...new Set(all)].join(" ");
  return isScope(text) ? text : undefined;
}

function authorizationUrl({ authorization }: Issuer, parameters: Readonly<Record<string, string>>): HttpTarget {
  const joint = authorization.path.includes("?") ? "&" : "?";
  return { ...authorization, path: `${authorization.path}${joint}${new URLSearchParams(parameters)}` };
}
