// Which leg a host speaks of, by its name or its address alone.
import { classifyAddress, isAddress, parseHost } from "../../net/index.ts";
import type { LegSource } from "../leg-policy.ts";
import type { LegContext } from "./context.ts";

/** `local`: this machine, or the session's own services. `trusted`: the person vouches for it, in both directions. */
export type HostKind = "local" | "service" | "trusted" | Extract<LegSource, "web" | "private-host" | "credential">;

/** Suffixes that no public name has (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`, and what networks use all the same). */
const INSIDE =
  /\.(?:internal|intranet|private|corp|home|lan|local|localdomain|home\.arpa|cluster\.local|svc|consul|test)$/;

/** Kind of a host as written; what is no host at all counts as the web. `address`: what it was resolved to, when a wall knows. */
export function hostKind(written: string, context: LegContext, address?: string): HostKind {
  const host = parseHost(written.replace(/\.$/, ""));
  if (host === undefined) return "web";
  // a name of the person's that resolves inside is still what it is called; an attacker's is not
  if (matchesHost(host, context.policy.privateHosts)) return "private-host";
  const kind = address === undefined ? "public" : classifyAddress(address);
  if (kind === "metadata" || /^metadata(?:\.google\.internal)?$/.test(host)) return "credential";
  if (matchesHost(host, context.policy.trustedHosts)) return "trusted";
  if (matchesHost(host, context.serviceHosts)) return "service";
  if (/^(?:.*\.)?localhost$/.test(host)) return "local";
  const own = isAddress(host) ? classifyAddress(host) : kind;
  if (own === "metadata") return "credential";
  if (own === "loopback" || own === "unspecified") return "local";
  if (own !== "public") return "private-host";
  return !host.includes(".") && !isAddress(host) ? "private-host" : INSIDE.test(host) ? "private-host" : "web";
}

/** The host of a URL-like text: with a scheme, or `host[:port][/…]` where `bare` says that it may stand alone. */
export function hostOfUrl(text: string, bare: boolean): string | undefined {
  if (/[\s\0-\x1f\\]/.test(text)) return undefined;
  const match = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?(\[[0-9a-f:.]+\]|[^/?#:@]+)(?::\d*)?(?:[/?#]|$)/i.exec(text);
  if (match?.[1] !== undefined) return match[1].toLowerCase();
  const alone = /^(?:[^/?#@]*@)?(\[[0-9a-f:.]+\]|[\w-]+(?:\.[\w-]+)+\.?|localhost)(?::\d+)?(?:[/?#]|$)/i.exec(text);
  return bare ? alone?.[1]?.toLowerCase() : undefined;
}

/** `host` or `*.host` (any depth, not the host itself); a port in the pattern is not compared. */
function matchesHost(host: string, patterns: readonly string[]): boolean {
  return patterns.some((written) => {
    const pattern = written
      .toLowerCase()
      .replace(/:\d+$/, "")
      .replace(/^\[(.*)\]$/, "$1");
    return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern;
  });
}
