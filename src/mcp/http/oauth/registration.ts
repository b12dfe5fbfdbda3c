// Who this client is to an issuer: registered by hand, by the address of its metadata, or registered now (RFC 7591). Each belongs to the issuer that it was
// made for, and to no other (revision 2026-07-28, Authorization Server Binding).
import { err, ok, type Problem, type Result } from "#core";
import { isList, type JsonObject, member } from "#core/mcp";
import type { Exchanger } from "../exchange.ts";
import { originOf } from "../place.ts";
import { askJson, problem } from "./ask-json.ts";
import { chooseAuth, type OAuthClient, readAuth, wishedAuth } from "./client-auth.ts";
import type { Issuer } from "./metadata.ts";

/** What it is made from. */
export interface ClientWish {
  readonly exchanger: Exchanger;
  readonly issuer: Issuer;
  /** Registered by hand, or the https address of a client's metadata. */
  readonly given?: OAuthClient | undefined;
  readonly redirect: string;
  readonly signal: AbortSignal;
}

const TEXT = /^[\x20-\x7e]{1,2048}$/;

/** Finds or makes the client. */
export async function clientOf(wish: ClientWish): Promise<Result<OAuthClient, Problem>> {
  const { issuer, given } = wish;
  if (given === undefined) return registered(wish);
  if (given.id.startsWith("https://") && !issuer.takesClientUrls)
    return err(problem("mcp-oauth-client", `${issuer.issuer} takes no client by the address of its metadata`));
  const auth = chooseAuth(issuer.auths, given.secret !== undefined);
  return auth === undefined ? err(noAuth(issuer)) : ok({ ...given, auth });
}

async function registered({ exchanger, issuer, redirect, signal }: ClientWish): Promise<Result<OAuthClient, Problem>> {
  if (issuer.registration === undefined)
    return err({
      ...problem("mcp-oauth-client", `${originOf(issuer.authorization)} registers no clients by itself`),
      hint: `register one there by hand, with a redirect to ${redirect.replace(/:\d+\//, "/")}, and give its id: --oauth-client-id ID`,
    });
  const wished = wishedAuth(issuer.auths);
  if (wished === undefined) return err(noAuth(issuer));
  const answer = await askJson(exchanger, {
    target: issuer.registration,
    json: {
      client_name: "MCP gateway",
      redirect_uris: [redirect],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: wished,
      application_type: "native",
    },
    signal,
  });
  if (!answer.ok) return answer;
  const { status, body } = answer.value;
  const where = originOf(issuer.registration);
  const id = textOf(body, "client_id");
  if (status > 299 || id === undefined)
    return err(problem("mcp-oauth-client", `${where} registers no client (HTTP ${status})`));
  // An issuer may answer with other values than were asked for (RFC 7591 section 3.2.1): with another place to come back to, a code would go there.
  const redirects = member(body, "redirect_uris");
  if (redirects !== undefined && !(isList(redirects) && redirects.includes(redirect)))
    return err(problem("mcp-oauth-client", `${where} registers a client that comes back to another address`));
  const secret = textOf(body, "client_secret");
  const said = member(body, "token_endpoint_auth_method");
  const auth = said === undefined ? (chooseAuth(issuer.auths, secret !== undefined) ?? wished) : readAuth(said);
  if (auth === undefined || (auth !== "none" && secret === undefined)) return err(noAuth(issuer));
  return ok({ id, auth, ...(secret === undefined || auth === "none" ? {} : { secret }) });
}

function textOf(body: JsonObject, key: string): string | undefined {
  const text = member(body, key);
  return typeof text === "string" && TEXT.test(text) ? text : undefined;
}

function noAuth({ token }: Issuer): Problem {
  return problem(
    "mcp-oauth-client",
    `${originOf(token)} wants a client to prove itself in a way that this one has not`,
  );
}
