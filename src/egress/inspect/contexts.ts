// TLS as this proxy speaks it, on both sides: 1.2 at least, no renegotiation, keys and digests of 112 bits at least.
// One context a host inside: a session ticket of one is none of another's, because each context has ticket keys of its own.
import { constants } from "node:crypto";
import { createSecureContext, DEFAULT_CIPHERS, type SecureContext } from "node:tls";
import type { Authority } from "./authority.ts";

const TLS = {
  minVersion: "TLSv1.2",
  ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=2`,
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
} as const;

/** Node's own mark is one TLS record, so that each would wait for the one before it. (Its types do not list the option.) */
export const HIGH_WATER: number = 128 * 1024;

/** Hosts whose contexts are kept at once. */
const KEPT_MOST = 256;
/** A leaf is made anew when it has less than this left. */
const RENEW_MS = 3_600_000;

/** The contexts of the hosts that are terminated, made when they are first asked for. */
export class LeafContexts {
  private readonly authority: Authority;
  private readonly now: () => number;
  private readonly kept = new Map<string, { readonly context: SecureContext; readonly until: number }>();

  constructor(authority: Authority, now: () => number) {
    this.authority = authority;
    this.now = now;
  }

  /** For a canonical host. */
  of(host: string): SecureContext {
    const now = this.now();
    const known = this.kept.get(host);
    this.kept.delete(host);
    const entry = known !== undefined && known.until > now ? known : this.make(host, now);
    this.kept.set(host, entry); // last in, last out
    const [oldest] = this.kept.keys();
    if (this.kept.size > KEPT_MOST && oldest !== undefined) this.kept.delete(oldest);
    return entry.context;
  }

  private make(host: string, now: number): { readonly context: SecureContext; readonly until: number } {
    const { key, chain, notAfter } = this.authority.issue(host, new Date(now));
    return {
      context: createSecureContext({ ...TLS, key, cert: chain }),
      until: notAfter.getTime() - RENEW_MS,
    };
  }
}

/** The context that verifies servers outside against these roots and no others. */
export function originContext(rootsPem: string): SecureContext {
  return createSecureContext({ ...TLS, ca: rootsPem });
}
