// What may leave the fence, as plain data: the egress room enforces exactly this and nothing else (DESIGN NET-1 to NET-5).
import type { Span } from "../result.ts";

/**
 * What a connection carries. `http` and `https` are requests that are read, `websocket` one that switches, `tls` a TLS connection that nobody
 * reads, `tcp` any other bytes.
 */
export type Protocol = "http" | "https" | "websocket" | "tls" | "tcp";

/** A program by the path of its file, links followed, and by its content where the digest is given. */
export interface ProgramMatch {
  readonly exe: string;
  readonly sha256?: string;
}

/** One allowed or denied destination, presets already expanded. What a rule does not say it does not limit. */
export interface EgressRule {
  /** Lower-case ASCII host (IDNA done), an IP literal in canonical form, or `EVERY_HOST` (grammar.ts). */
  readonly host: string;
  /** True for `*.host`: any depth below, never the host itself. */
  readonly wildcard: boolean;
  /** Ports it covers. An allow that names none covers 80 and 443; a deny that names none covers every port, written as none. */
  readonly ports: readonly number[];
  /** True where bytes that are neither HTTP nor TLS may pass: the rule itself names the port, and nothing that must be read. */
  readonly portNamed: boolean;
  /** Requests with these methods only. */
  readonly methods?: readonly string[];
  /** Requests below these paths only, in the normal form of path.ts; `**` and `*` are wildcards. */
  readonly paths?: readonly string[];
  readonly protocols?: readonly Protocol[];
  readonly programs?: readonly ProgramMatch[];
  /** It names nobody (`*`, report mode): only names that resolve here to public addresses are meant, none that an outside proxy alone could know. */
  readonly namesNobody?: true;
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

/** A name, or all names below one. */
export type HostPattern = Pick<EgressRule, "host" | "wildcard">;

/** The whole of what a session may reach. Deny wins. Empty `allow` = nothing leaves. */
export interface EgressPlan {
  readonly allow: readonly EgressRule[];
  readonly deny: readonly EgressRule[];
  readonly allowPrivate: readonly PrivateAddress[];
  /**
   * `report`: what no rule allows passes to public names and is on record as what would be refused. Denies and the classes of addresses hold.
   * Weaker, and shown wherever the session is.
   */
  readonly mode: "enforce" | "report";
  /** Where the policy says `report`. */
  readonly modeAt?: Span;
  /** Whose TLS is read: where a rule, a credential or a secret needs it; everybody's; where a rule or a credential needs it. */
  readonly inspect: "auto" | "all" | "rules";
  /** Never read: pinned certificates, client certificates. What must be read there is refused. */
  readonly inspectExcept: readonly HostPattern[];
  /** A setup's network: what a person types to open more of it is another option. */
  readonly phase?: "setup";
  /** The MCP server that it is for: what a person writes to open more of it stands below its name in the policy. */
  readonly server?: string;
  /** Connections open at once and in total; beyond it: refused and recorded as `limit.hit`. */
  readonly maxConnections: number;
}

/** The program that wants out, as observed. Nothing that the program says of itself. */
export interface EgressPeer {
  readonly exe?: string;
  /** Of the program's file, hex. */
  readonly sha256?: string;
}

/** Why a connection is refused, and what a person would write to allow it. */
export interface EgressRefusal {
  /** `denied`, `no-rule`, `port-not-allowed`, `program-not-allowed`, `protocol-not-allowed`, `method-not-allowed`, `path-not-allowed`, `path-ambiguous`, `bad-host`, or `address-<class>`. */
  readonly reason: string;
  /** The rule that denies, or the nearest that does not reach. */
  readonly rule?: EgressRule;
  /** What to type. */
  readonly hint: string;
}
