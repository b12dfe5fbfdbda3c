// The certificate authority of one session (NET-5): its key lives in this process and ends with it, and nothing but its certificate goes into the fence.
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { makeCertificate } from "./certificate.ts";

/** One host's certificate and key. */
export interface Leaf {
  /** PEM, in memory only. */
  readonly key: string;
  /** The leaf and the authority, PEM: what a server sends. */
  readonly chain: string;
  readonly notAfter: Date;
}

/** An authority that only this session's fence trusts. */
export interface Authority {
  /** PEM. */
  readonly certificate: string;
  /** A certificate for this host, a canonical name or address. */
  issue(host: string, now: Date): Leaf;
}

const HOUR = 3_600_000;
/** Clocks differ, in virtual machines by hours. */
const BEFORE = 24 * HOUR;
/** Longer than any session; the key is gone long before. */
const AUTHORITY_LIFE = 30 * 24 * HOUR;
const LEAF_LIFE = 24 * HOUR;
// RFC 5280 appendix A: a common name has at most 64 characters.
const NAME_MOST = 64;

/** Makes one with a new key. `session` is shown to the person who looks at a certificate. */
export function makeAuthority(session: string, now: Date): Authority {
  const signer = newKey();
  const subject = `Ringfence session ${session}`.slice(0, NAME_MOST);
  const certificate = makeCertificate({
    subject,
    issuer: subject,
    publicKey: signer.publicKey,
    signer,
    notBefore: new Date(now.getTime() - BEFORE),
    notAfter: new Date(now.getTime() + AUTHORITY_LIFE),
  });
  return {
    certificate,
    issue(host, at) {
      const { publicKey, privateKey } = newKey();
      const notAfter = new Date(at.getTime() + LEAF_LIFE);
      const leaf = makeCertificate({
        subject: host.length > NAME_MOST ? "a host of this session" : host,
        issuer: subject,
        publicKey,
        signer,
        notBefore: new Date(at.getTime() - BEFORE),
        notAfter,
        host,
      });
      return {
        key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
        chain: leaf + certificate,
        notAfter,
      };
    },
  };
}

function newKey(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}
