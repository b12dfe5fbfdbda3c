// What may leave the fence, as plain data: the egress room enforces exactly this and nothing else (DESIGN NET-1 to NET-3).
import type { Span } from "../result.ts";

/** One allowed or denied destination, presets already expanded. */
export interface EgressRule {
  /** Lower-case ASCII host (IDNA done), or an IP literal in canonical form. */
  readonly host: string;
  /** True for `*.host`: any depth below, never the host itself. */
  readonly wildcard: boolean;
  /** Ports it covers. An allow that names none covers 80 and 443; a deny that names none covers every port, written as none. */
  readonly ports: readonly number[];
  /** True where the rule itself named the port: then bytes that are neither HTTP nor TLS may pass. */
  readonly portNamed: boolean;
  /** The rule as written (`preset:npm`, `*.example.org:443`) and where it stands: every refusal names both. */
  readonly text: string;
  readonly at: Span;
}

/** A host that may resolve to non-public addresses inside `cidr` only. */
export interface PrivateAddress {
  readonly host: string;
  readonly cidr: string;
  readonly reason: string;
}

/** The whole of what a session may reach. Deny wins. Empty `allow` = nothing leaves. */
export interface EgressPlan {
  readonly allow: readonly EgressRule[];
  readonly deny: readonly EgressRule[];
  readonly allowPrivate: readonly PrivateAddress[];
  /** Connections open at once and in total; beyond it: refused and recorded as `limit.hit`. */
  readonly maxConnections: number;
}
