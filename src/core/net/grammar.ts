// Network rules as people write them: `host`, `*.host`, `host:port`, `[v6]:port`. Presets are expanded in expand.ts. Pure.
import { getDomain, getPublicSuffix } from "tldts";
import { err, ok, type Problem, type Result, type Span } from "../result.ts";
import { forTerminal } from "../text/index.ts";
import { isAddress, parseHost } from "./host.ts";
import type { EgressRule } from "./rule.ts";

/** Where a rule without a port leads. */
export const DEFAULT_PORTS: readonly number[] = [80, 443];

/** The host of a rule that covers all of them: every name where it is a wildcard, as an allow is; every address too where it is none, as a deny is. */
export const EVERY_HOST = "*";

/** Parses one rule that is not a preset. A deny may close what no allow may open: `*.github.io`. `everyHost`: `*` may stand, because limits go with it. */
export function parseEgressRule(
  text: string,
  at: Span,
  { effect, everyHost = false }: { readonly effect: "allow" | "deny"; readonly everyHost?: boolean } = {
    effect: "allow",
  },
): Result<EgressRule, Problem> {
  const bad = (message: string, hint: string): Result<never, Problem> =>
    err({
      code: "network-bad-rule",
      message: `the network rule \`${forTerminal(text, { max: 120 })}\` ${message}`,
      at,
      hint,
    });
  const { name, port } = splitPort(text);
  const wildcard = name.startsWith("*.");
  const isEvery = name === EVERY_HOST;
  const host = isEvery ? EVERY_HOST : parseHost(wildcard ? name.slice(2) : name);
  if (isEvery && !everyHost)
    return effect === "allow"
      ? bad(
          "would open the whole network",
          'name the hosts that are needed, or a preset; `{host: "*", methods: [GET, HEAD]}` opens every name for reading',
        )
      : bad(
          "is meant for every host and says no more",
          '`*` alone closes the network; beside limits, `{host: "*", methods: [POST]}`',
        );
  if (host === undefined)
    return bad("does not name a host", "write `host`, `*.host`, either with `:port`, or `preset:NAME`");
  if (wildcard && isAddress(host)) return bad("puts a wildcard before an address", "name the address");
  if (wildcard && effect === "allow" && isPublicSuffix(host))
    return bad("opens names that anybody can have", "name the organisation's own domain, for example `*.example.org`");
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && !(/^\d{1,5}$/.test(port ?? "") && number >= 1 && number <= 65_535))
    return bad("has no valid port", "a port is 1 to 65535");
  return ok({
    host,
    wildcard: wildcard || (isEvery && effect === "allow"),
    ...(isEvery ? { namesNobody: true } : {}),
    ports: number === undefined ? DEFAULT_PORTS : [number],
    portNamed: number !== undefined,
    text,
    at,
  });
}

/** `host:443` → host and port; a bare IPv6 address has colons and no port. */
export function splitPort(text: string): { readonly name: string; readonly port: string | undefined } {
  const bracketed = /^(\[[^\]]*\])(?::(.*))?$/.exec(text);
  if (bracketed !== null) return { name: bracketed[1] ?? "", port: bracketed[2] };
  const colon = text.indexOf(":");
  if (colon < 0 || text.indexOf(":", colon + 1) >= 0) return { name: text, port: undefined };
  return { name: text.slice(0, colon), port: text.slice(colon + 1) };
}

/** True for a rule's host that covers `host`: itself, or for a wildcard any depth below it and never it. */
export function covers(rule: Pick<EgressRule, "host" | "wildcard">, host: string): boolean {
  if (rule.host === EVERY_HOST) return !rule.wildcard || !isAddress(host);
  return rule.wildcard ? host.endsWith(`.${rule.host}`) && !isAddress(host) : host === rule.host;
}

/** The name that somebody has registered, at or above `host`; the host itself where nobody can say. */
export function ownedDomain(host: string): string {
  return getDomain(host, { allowPrivateDomains: true, validateHostname: false }) ?? host;
}

// Below a public suffix anybody may have a name (`co.uk`, `github.io`, `s3.amazonaws.com`): a wildcard there names nobody.
// The private part of the list counts as much as the registries' own.
function isPublicSuffix(host: string): boolean {
  if (!host.includes(".")) return true;
  return getPublicSuffix(host, { allowPrivateDomains: true, validateHostname: false }) === host;
}
