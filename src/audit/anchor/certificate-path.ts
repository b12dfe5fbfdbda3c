// From the certificate of a time-stamping authority to one that a person trusts (RFC 5280 section 6, as far as such paths need it).
import type { X509Certificate } from "node:crypto";
import { err, ok, type Result } from "#core";

/** RFC 3161 section 2.3: this purpose and no other. */
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
const LONGEST = 8;

/** Finds it among `others`. `at`: every certificate must hold then; whether it was revoked since is nothing that is known here. */
export function certificatePath(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  given: { readonly trusted: readonly X509Certificate[]; readonly at: Date },
): Result<true, string> {
  const purposes = leaf.keyUsage as readonly string[] | undefined; // Node's word for the extended key usage
  if (purposes?.length !== 1 || purposes[0] !== TIME_STAMPING)
    return err("the signer's certificate is not for time stamps");
  const isTrusted = (one: X509Certificate): boolean =>
    given.trusted.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256);
  let last = leaf;
  for (let length = 0; length < LONGEST; length += 1) {
    if (given.at < new Date(last.validFrom) || given.at > new Date(last.validTo))
      return err(`the certificate of \`${oneLine(last.subject)}\` did not hold at that time`);
    if (isTrusted(last)) return ok(true);
    const issuer = [...given.trusted, ...others].find(
      (one) => one.ca && last.checkIssued(one) && last.verify(one.publicKey),
    );
    if (issuer === undefined || issuer.fingerprint256 === last.fingerprint256) break;
    last = issuer;
  }
  return err(`nobody who is trusted certified \`${oneLine(leaf.subject)}\``);
}

function oneLine(subject: string): string {
  return subject.replaceAll("\n", ", ");
}
