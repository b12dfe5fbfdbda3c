// From the certificate of a time-stamping authority to one that a person trusts (RFC 5280 section 6, as far as such paths need it).
import type { X509Certificate } from "node:crypto";
import { err, ok, type Result } from "#core";
import { isForTimeStamps, isSignedToday, mayCertify } from "./certificate-use.ts";

const LONGEST = 8;

/** Finds it among `others`. `at`: every certificate must hold then; whether it was revoked since is nothing that is known here. */
export function certificatePath(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  given: { readonly trusted: readonly X509Certificate[]; readonly at: Date },
): Result<true, string> {
  if (!isForTimeStamps(leaf)) return err("the signer's certificate is not for time stamps");
  const isTrusted = (one: X509Certificate): boolean =>
    given.trusted.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256);
  let last = leaf;
  for (let length = 0; length < LONGEST; length += 1) {
    if (!(given.at >= new Date(last.validFrom) && given.at <= new Date(last.validTo)))
      return err(`the certificate of \`${oneLine(last.subject)}\` did not hold at that time`);
    if (isTrusted(last)) return ok(true);
    if (!isSignedToday(last))
      return err(`the certificate of \`${oneLine(last.subject)}\` is signed in a way that is not of today`);
    const issuer = [...given.trusted, ...others].find(
      (one) => one.ca && last.checkIssued(one) && last.verify(one.publicKey) && mayCertify(one, length),
    );
    if (issuer === undefined || issuer.fingerprint256 === last.fingerprint256) break;
    last = issuer;
  }
  return err(`nobody who is trusted certified \`${oneLine(leaf.subject)}\``);
}

function oneLine(subject: string): string {
  return subject.replaceAll("\n", ", ");
}
