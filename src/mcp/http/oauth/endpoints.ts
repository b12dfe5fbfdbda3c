// Where an issuer's endpoints may be. Only the issuer's own word says that they are its: one that names an honest server's login page and its own token
// endpoint is handed the honest server's code (mix-up, RFC 9700 section 4.4). An answer that must name its issuer (RFC 9207) betrays that; without one, an
// endpoint elsewhere wants a person's word. Pure.
import type { Problem } from "#core";
import { classifyAddress } from "#core/net";
import { forTerminal } from "#core/text";
import { type HttpTarget, isInside, isLoopback, isSameOrigin, originOf, shownUrl } from "../place.ts";
import { problem } from "./ask-json.ts";

/** One endpoint, with the words for it. */
export interface Endpoint {
  readonly what: string;
  readonly target: HttpTarget;
}

/** What this client says itself in the address of a login page: a page's own word for it would be a second one (RFC 6749 section 3.1). */
const OWN_PARAMETERS: readonly string[] = [
  ...["response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"],
  ...["resource", "scope", "request", "request_uri", "response_mode"],
];

/** A problem for an endpoint that no issuer may name, whatever a person says. */
export function unfitEndpoint(issuer: HttpTarget, { what, target }: Endpoint): Problem | undefined {
  // A browser here opens it, from within: a router's page, a development server.
  if (isInside(target.host) && target.host !== issuer.host && !(isLoopback(issuer.host) && isLoopback(target.host)))
    return problem("mcp-oauth-url", `${what} is within your own network: ${originOf(target)}`);
  const [, query = ""] = target.path.split("?", 2);
  const own = [...new URLSearchParams(query).keys()].find((name) => OWN_PARAMETERS.includes(name.toLowerCase()));
  return own === undefined
    ? undefined
    : problem("mcp-oauth-url", `${what} already says \`${own}\`, which is this client's to say`);
}

/** True for an endpoint on the issuer's own origin, or on a host below the issuer's: whoever holds a name holds those below it. */
export function isIssuersOwn(issuer: HttpTarget, target: HttpTarget): boolean {
  if (isSameOrigin(issuer, target)) return true;
  const isName = classifyAddress(issuer.host) === "invalid" && !isLoopback(issuer.host);
  const isAlike = issuer.scheme === "https" && target.scheme === "https" && issuer.port === target.port;
  return isName && isAlike && target.host.endsWith(`.${issuer.host}`);
}

/** The refusal of endpoints elsewhere, with every address whole. */
export function strangeEndpoints(issuer: string, endpoints: readonly Endpoint[]): Problem {
  const all = endpoints.map(({ what, target }) => `${what} ${shownUrl(target)}`).join(", ");
  return {
    ...problem(
      "mcp-oauth-endpoints",
      `the authorization server ${forTerminal(issuer)} sends a login elsewhere: ${all}`,
    ),
    hint: `where you know that this is whom you log in to, say so: ${naming(issuer)}`,
  };
}

/** The refusal to hand a client's secret to whoever the server names. */
export function secretFor(issuer: string, token: HttpTarget): Problem {
  return {
    ...problem(
      "mcp-oauth-secret",
      `the client's secret would go to ${shownUrl(token)}, because the server names ${forTerminal(issuer)}`,
    ),
    hint: `where it was given to you there, say so: ${naming(issuer)}`,
  };
}

/** What a person types; the server's words stand in it only where no shell reads more in them. */
function naming(issuer: string): string {
  return `--oauth-issuer ${/^[\w:/.~%-]{1,512}$/.test(issuer) ? issuer : "ADDRESS"}`;
}
