// The token endpoint: a code, or a refresh token, for an access token that is meant for one resource (RFC 6749, RFC 7636, RFC 8707).
import { err, ok, type Problem, type Result } from "#core";
import { isList, isObject, type JsonObject, member, readJson } from "#core/mcp";
import { forTerminal } from "#core/text";
import type { Exchanger } from "../exchange.ts";
import { isSameOrigin, originOf, readTarget } from "../place.ts";
import { askJson, problem } from "./ask-json.ts";
import { authParts, type OAuthClient } from "./client-auth.ts";
import type { Issuer } from "./metadata.ts";

/** What an issuer gave. */
export interface Tokens {
  readonly access: string;
  readonly refresh?: string;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number;
  readonly scope?: string;
}

/** What the token is asked with. */
export type Grant =
  | { readonly kind: "code"; readonly code: string; readonly verifier: string; readonly redirect: string }
  | { readonly kind: "refresh"; readonly refresh: string; readonly scope?: string };

const TOKEN = /^[\x21-\x7e]{8,16384}$/;

/** Asks for tokens. The answer's token is refused when it says of itself that it is for somebody else. */
export async function askTokens(
  exchanger: Exchanger,
  question: {
    readonly issuer: Pick<Issuer, "token">;
    readonly client: OAuthClient;
    readonly resource: string;
    readonly grant: Grant;
    readonly signal: AbortSignal;
    readonly now: number;
  },
): Promise<Result<Tokens, Problem>> {
  const { issuer, client, resource, grant, signal, now } = question;
  const { form, fields } = authParts(client);
  const answer = await askJson(exchanger, {
    target: issuer.token,
    form: { ...grantForm(grant), ...form, resource },
    ...{ fields, signal },
  });
  if (!answer.ok) return answer;
  const { status, body } = answer.value;
  if (status !== 200) {
    const said = member(body, "error");
    const word = typeof said === "string" ? forTerminal(said, { max: 60 }) : `HTTP ${status}`;
    return err(problem("mcp-oauth-token", `${originOf(issuer.token)} gives no token: ${word}`));
  }
  return tokensOf(body, { resource, grant, now });
}

function grantForm(grant: Grant): Readonly<Record<string, string>> {
  if (grant.kind === "code")
    return {
      grant_type: "authorization_code",
      code: grant.code,
      code_verifier: grant.verifier,
      redirect_uri: grant.redirect,
    };
  const scope = grant.scope === undefined ? {} : { scope: grant.scope };
  return { grant_type: "refresh_token", refresh_token: grant.refresh, ...scope };
}

function tokensOf(
  body: JsonObject,
  asked: { readonly resource: string; readonly grant: Grant; readonly now: number },
): Result<Tokens, Problem> {
  const access = member(body, "access_token");
  const type = member(body, "token_type");
  if (typeof access !== "string" || !TOKEN.test(access) || typeof type !== "string" || type.toLowerCase() !== "bearer")
    return err(problem("mcp-oauth-token", "the answer holds no bearer token"));
  if (!isMeantFor(access, asked.resource))
    return err(problem("mcp-oauth-audience", `the token is meant for another resource than ${asked.resource}`));
  const seconds = member(body, "expires_in");
  const scope = member(body, "scope");
  const given = member(body, "refresh_token");
  // A refresh token that is not replaced goes on being one (RFC 6749 section 6).
  const refresh =
    typeof given === "string" && TOKEN.test(given)
      ? given
      : asked.grant.kind === "refresh"
        ? asked.grant.refresh
        : undefined;
  return ok({
    access,
    ...(refresh === undefined ? {} : { refresh }),
    ...(typeof seconds === "number" && seconds > 0
      ? { expiresAt: asked.now + Math.min(seconds, 31_536_000) * 1000 }
      : {}),
    ...(typeof scope === "string" && scope.length <= 2048 ? { scope } : {}),
  });
}

/**
 * False for a JWT whose audiences are all somebody else's: handed over, it would open their doors. A token that says nothing readable is bound
 * by the `resource` it was asked with alone.
 */
export function isMeantFor(token: string, resource: string): boolean {
  const parts = token.split(".");
  if (parts.length !== 3) return true;
  const payload = readJson(Buffer.from(parts[1] ?? "", "base64url"));
  if (!payload.ok || !isObject(payload.value)) return true;
  const aud = member(payload.value, "aud");
  if (aud === undefined) return true;
  const ours = readTarget(resource);
  return (isList(aud) ? aud : [aud]).some((one) => {
    if (typeof one !== "string") return false;
    const theirs = readTarget(one);
    return one === resource || (ours.ok && theirs.ok && isSameOrigin(ours.value, theirs.value));
  });
}
