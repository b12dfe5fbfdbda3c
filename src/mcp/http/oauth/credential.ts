// A login's token as an upstream's credential: attached to its own resource alone, renewed before it ends, and once when the server refuses it.
import { err, ok, type Problem, type Result } from "#core";
import { forTerminal } from "#core/text";
import type { Exchanger } from "../exchange.ts";
import { type HttpTarget, isSameOrigin, originOf, readTarget, urlOf } from "../place.ts";
import type { UpstreamCredential } from "../upstream.ts";
import { problem, readOAuthUrl } from "./ask-json.ts";
import type { Login, TokenStore } from "./token-store.ts";
import { askTokens, isMeantFor } from "./tokens.ts";

/** What it is opened with. */
export interface LoginCredentialOptions {
  readonly exchanger: Exchanger;
  readonly server: HttpTarget;
  readonly store: TokenStore;
  /** The fields that the policy gives this upstream: where there are any, they are its credential and no login is. */
  own(target: HttpTarget, method: string): Promise<Result<Readonly<Record<string, string>>, Problem>>;
  /** Before a token goes out. A rejection is a no. */
  recorded(login: Login): Promise<void>;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** A token with less left than this is renewed first. */
const MARGIN_MS = 60_000;

/** Opens it. Without a login it is the policy's fields alone. */
export function openLoginCredential(options: LoginCredentialOptions): UpstreamCredential {
  const { server, store, now } = options;
  const key = urlOf(server);
  let renewing: Promise<Result<Login, Problem>> | undefined;
  let isTold = false;
  let hasOwn = false;
  const renew = (stale: Login): Promise<Result<Login, Problem>> =>
    (renewing ??= renewed(options, stale).finally(() => {
      renewing = undefined;
    }));
  return {
    fields: async (target, method) => {
      const own = await options.own(target, method);
      hasOwn = own.ok && own.value["authorization"] !== undefined;
      if (!own.ok || hasOwn) return own;
      let login = store.find(key);
      // A token leaves for the origin that it was given for, whatever asks.
      if (login === undefined || !isFor(login, target)) return own;
      if (login.tokens.expiresAt !== undefined && login.tokens.expiresAt - now() < MARGIN_MS) {
        const fresh = await renew(login);
        if (fresh.ok) login = fresh.value;
        else if (login.tokens.expiresAt <= now()) return fresh;
      }
      if (!isTold) {
        await options.recorded(login);
        isTold = true;
      }
      return ok({ ...own.value, authorization: `Bearer ${login.tokens.access}` });
    },
    refused: async (status, challenge) => {
      if (hasOwn) return notTaken(server, status);
      const login = store.find(key);
      if (login === undefined) return wanted(server, "wants a login");
      if (status === 403) return wantsMore(server, challenge?.scope);
      const fresh = await renew(login);
      return fresh.ok ? undefined : wanted(server, "does not take the login any more");
    },
  };
}

/** What the policy or the client's entry gives is theirs to mend: no login takes its place. */
function notTaken(server: HttpTarget, status: number): Problem {
  return {
    code: "mcp-login",
    message: `${originOf(server)} does not take the credential that it was given (HTTP ${status})`,
    hint: "look at the variable in the client's entry, or at the credential in the policy",
  };
}

function wanted(server: HttpTarget, why: string): Problem {
  return problem("mcp-login", `${originOf(server)} ${why}`);
}

/** More is never asked for by itself: the server alone says that it needs it. A person who types it is asked by the authorization server, too. */
function wantsMore(server: HttpTarget, scope: string | undefined): Problem {
  const said = scope === undefined ? "" : `: ${forTerminal(scope, { max: 200 })}`;
  const refused = wanted(server, `wants more than this login may (scope${said})`);
  // The server's words stand in a command only where no shell reads more in them.
  const isPlain = scope !== undefined && /^[\w:/.@+ -]{1,200}$/.test(scope);
  return isPlain ? { ...refused, hint: `${refused.hint} --scope "${scope}"` } : refused;
}

function isFor(login: Login, target: HttpTarget): boolean {
  const resource = readTarget(login.resource);
  return resource.ok && isSameOrigin(resource.value, target) && isMeantFor(login.tokens.access, login.resource);
}

async function renewed(options: LoginCredentialOptions, stale: Login): Promise<Result<Login, Problem>> {
  const { store, server } = options;
  const done = await store.alone(urlOf(server), () => renewedAlone(options, stale));
  return done ?? err(wanted(server, "has a login that another gateway is renewing"));
}

async function renewedAlone(options: LoginCredentialOptions, stale: Login): Promise<Result<Login, Problem>> {
  const { store, server, exchanger, signal, now } = options;
  const key = urlOf(server);
  // Another process of the same user may have done it: a refresh token that is used twice is taken for a stolen one.
  const current = store.find(key);
  if (current !== undefined && current.tokens.access !== stale.tokens.access) return ok(current);
  const { refresh, scope } = stale.tokens;
  if (refresh === undefined) return err(wanted(server, "gave a login that cannot be renewed, and it has ended"));
  const token = readOAuthUrl(stale.tokenEndpoint, "the token endpoint");
  if (!token.ok) return token;
  const tokens = await askTokens(exchanger, {
    ...{ issuer: { token: token.value }, client: stale.client, resource: stale.resource, signal, now: now() },
    grant: { kind: "refresh", refresh, ...(scope === undefined ? {} : { scope }) },
  });
  if (!tokens.ok) return tokens;
  const login: Login = { ...stale, tokens: { ...(scope === undefined ? {} : { scope }), ...tokens.value } };
  store.save(key, login);
  return ok(login);
}
