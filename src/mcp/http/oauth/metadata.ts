// Who gives tokens for a server: the protected resource's metadata (RFC 9728), then the authorization server's own (RFC 8414, OpenID Connect Discovery).
// Each document must say of itself what it was asked for; a document about somebody else is none.
import { err, ok, type Problem, type Result } from "#core";
import { isList, type Json, type JsonObject, member } from "#core/mcp";
import type { Exchanger } from "../exchange.ts";
import { type HttpTarget, isSameOrigin, originOf, readTarget, urlOf } from "../place.ts";
import { askJson, problem, readOAuthUrl } from "./ask-json.ts";
import { type Challenge, isScope } from "./challenge.ts";
import { type Endpoint, isIssuersOwn, unfitEndpoint } from "./endpoints.ts";

/** What the resource says. */
export interface Resource {
  /** Its identifier: what tokens are asked for (RFC 8707). */
  readonly resource: string;
  /** Issuers, the first one first. Never empty. */
  readonly issuers: readonly string[];
  readonly scope?: string;
  /** Nothing says so: the server has no metadata. */
  readonly isAssumed?: true;
}

/** What an authorization server says. */
export interface Issuer {
  readonly issuer: string;
  readonly authorization: HttpTarget;
  readonly token: HttpTarget;
  readonly registration?: HttpTarget;
  /** It always names itself in its answers (RFC 9207). */
  readonly saysIss: boolean;
  /** A client's id may be the address of its metadata. */
  readonly takesClientUrls: boolean;
  /** How clients may prove themselves to the token endpoint; absent where it does not say. */
  readonly auths?: readonly string[];
  /** Endpoints that are somewhere else than the issuer. */
  readonly strange: readonly Endpoint[];
}

const ISSUERS_MOST = 8;

/**
 * Finds the resource's metadata: where the challenge says, else at the well-known places, the endpoint's own first. A server that has none at all is asked
 * as revision 2025-03-26 does it: its own origin is its authorization server, which names nobody else and so opens nothing.
 */
export async function findResource(
  exchanger: Exchanger,
  server: HttpTarget,
  challenge: Challenge | undefined,
  signal: AbortSignal,
): Promise<Result<Resource, Problem>> {
  let isNowhere = challenge?.resourceMetadata === undefined;
  const named = challenge?.resourceMetadata;
  const path = server.path.split("?", 1)[0] ?? "/";
  const places =
    named === undefined
      ? [
          ...new Set([
            `/.well-known/oauth-protected-resource${path === "/" ? "" : path}`,
            "/.well-known/oauth-protected-resource",
          ]),
        ]
      : [named];
  let last = problem("mcp-oauth-none", `${originOf(server)} does not say who gives tokens for it`);
  for (const place of places) {
    const at = named === undefined ? ok({ ...server, path: place }) : readOAuthUrl(place, "the resource's metadata");
    if (!at.ok) return at;
    // Metadata on another origin could name any issuer for this server.
    if (!isSameOrigin(at.value, server))
      return err(problem("mcp-oauth-url", `the resource's metadata are on another origin, ${originOf(at.value)}`));
    const answer = await askJson(exchanger, { target: at.value, signal });
    isNowhere &&= answer.ok && answer.value.status === 404;
    if (!answer.ok) last = answer.error;
    else if (answer.value.status === 200) return resourceOf(answer.value.body, server, challenge);
  }
  if (!isNowhere) return err(last);
  const scope = challenge?.scope;
  const own = { resource: urlOf(server), issuers: [originOf(server)], isAssumed: true } as const;
  return ok({ ...own, ...(scope === undefined ? {} : { scope }) });
}

function resourceOf(body: JsonObject, server: HttpTarget, challenge: Challenge | undefined): Result<Resource, Problem> {
  const resource = member(body, "resource");
  const named = typeof resource === "string" ? readTarget(resource) : undefined;
  if (typeof resource !== "string" || named?.ok !== true || !covers(named.value, server))
    return err(problem("mcp-oauth-resource", `the metadata of ${urlOf(server)} are about another resource`));
  const issuers = texts(member(body, "authorization_servers")).slice(0, ISSUERS_MOST);
  if (issuers.length === 0)
    return err(problem("mcp-oauth-issuer", `the metadata of ${urlOf(server)} name no authorization server`));
  const scopes = texts(member(body, "scopes_supported")).join(" ");
  const scope = challenge?.scope ?? (isScope(scopes) ? scopes : undefined);
  return ok({ resource, issuers, ...(scope === undefined ? {} : { scope }) });
}

/** A resource is the endpoint itself, or a place above it on the same origin. */
function covers(resource: HttpTarget, server: HttpTarget): boolean {
  if (!isSameOrigin(resource, server)) return false;
  const [above = "", below = ""] = [resource, server].map(({ path }) =>
    (path.split("?", 1)[0] ?? "").replace(/\/+$/, ""),
  );
  return below === above || below.startsWith(`${above}/`);
}

/** Finds an issuer's metadata. What it says of itself must be the very text that was asked for. */
export async function findIssuer(
  exchanger: Exchanger,
  issuer: string,
  signal: AbortSignal,
): Promise<Result<Issuer, Problem>> {
  const at = readOAuthUrl(issuer, "the authorization server");
  if (!at.ok) return at;
  if (at.value.path.includes("?"))
    return err(problem("mcp-oauth-url", "the authorization server's name holds a query (RFC 8414 section 2)"));
  const path = at.value.path.replace(/\/+$/, "");
  const places = [
    `/.well-known/oauth-authorization-server${path}`,
    `/.well-known/openid-configuration${path}`,
    ...(path === "" ? [] : [`${path}/.well-known/openid-configuration`]),
  ];
  let last = problem("mcp-oauth-issuer", `${originOf(at.value)} has no metadata of an authorization server`);
  for (const place of places) {
    const answer = await askJson(exchanger, { target: { ...at.value, path: place }, signal });
    if (!answer.ok) last = answer.error;
    else if (answer.value.status === 200) return issuerOf(answer.value.body, issuer, at.value);
  }
  return err(last);
}

function issuerOf(body: JsonObject, issuer: string, at: HttpTarget): Result<Issuer, Problem> {
  if (member(body, "issuer") !== issuer)
    return err(problem("mcp-oauth-issuer", "the authorization server's metadata are another's"));
  if (!texts(member(body, "code_challenge_methods_supported")).includes("S256"))
    return err(problem("mcp-oauth-pkce", "the authorization server does not say that it does PKCE with S256"));
  const authorization = readOAuthUrl(member(body, "authorization_endpoint"), "the authorization endpoint");
  if (!authorization.ok) return authorization;
  const token = readOAuthUrl(member(body, "token_endpoint"), "the token endpoint");
  if (!token.ok) return token;
  const registers = member(body, "registration_endpoint");
  const registration = registers === undefined ? undefined : readOAuthUrl(registers, "the registration endpoint");
  if (registration?.ok === false) return registration;
  const endpoints: readonly Endpoint[] = [
    { what: "the login page", target: authorization.value },
    { what: "the token endpoint", target: token.value },
    ...(registration === undefined ? [] : [{ what: "the registration", target: registration.value }]),
  ];
  const [unfit] = endpoints.flatMap((one) => unfitEndpoint(at, one) ?? []);
  if (unfit !== undefined) return err(unfit);
  const auths = member(body, "token_endpoint_auth_methods_supported");
  return ok({
    issuer,
    authorization: authorization.value,
    token: token.value,
    ...(registration === undefined ? {} : { registration: registration.value }),
    saysIss: member(body, "authorization_response_iss_parameter_supported") === true,
    takesClientUrls: member(body, "client_id_metadata_document_supported") === true,
    ...(auths === undefined ? {} : { auths: texts(auths) }),
    strange: endpoints.filter(({ target }) => !isIssuersOwn(at, target)),
  });
}

function texts(value: Json | undefined): readonly string[] {
  return isList(value) ? value.filter((one): one is string => typeof one === "string") : [];
}
