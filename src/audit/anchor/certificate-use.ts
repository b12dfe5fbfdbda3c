// What a certificate says it may be used for. Node tells neither which extensions are critical nor how long a path may be, so they are read here;
// what is not understood and had to be is a reason to refuse (RFC 5280 section 4.2).
import type { X509Certificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  type Extension,
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  KeyUsage,
  KeyUsageFlags,
} from "@peculiar/asn1-x509";

/** RFC 3161 section 2.3: this purpose and no other. */
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
const ANY_PURPOSE = "2.5.29.37.0";
/** Extensions that may be critical. Names that a certificate restricts are not compared here, so such a one counts as not understood. */
const UNDERSTOOD: readonly string[] = [
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
];
/** Signatures over SHA-256 and longer, by RSA (PKCS #1 version 1.5), ECDSA and EdDSA. */
const SIGNED_TODAY = /^1\.2\.840\.113549\.1\.1\.1[123]$|^1\.2\.840\.10045\.4\.3\.[234]$|^1\.3\.101\.11[23]$/;
const SIGNS = KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation;

/** True when it may sign time stamps and nothing else, and says so in a way that nobody may pass over. */
export function isForTimeStamps(certificate: X509Certificate): boolean {
  const { extensions } = read(certificate);
  const purpose = extensions.find(({ extnID }) => extnID === id_ce_extKeyUsage);
  const usage = keyUsage(extensions);
  const purposes = purposesIn(purpose);
  const isAlone = purpose?.critical === true && purposes?.length === 1 && purposes[0] === TIME_STAMPING;
  return isAlone && isUnderstood(extensions) && (usage === undefined || (usage !== 0 && (usage & ~SIGNS) === 0));
}

/** True when it may certify an authority with `between` certificates in between. Whether it may certify at all, Node knows (`ca`). */
export function mayCertify(issuer: X509Certificate, between: number): boolean {
  const { extensions } = read(issuer);
  const basic = extensions.find(({ extnID }) => extnID === id_ce_basicConstraints);
  const longest =
    basic === undefined ? undefined : AsnConvert.parse(basic.extnValue, BasicConstraints).pathLenConstraint;
  const purposes = purposesIn(extensions.find(({ extnID }) => extnID === id_ce_extKeyUsage));
  const isFor = purposes === undefined || purposes.includes(TIME_STAMPING) || purposes.includes(ANY_PURPOSE);
  return isFor && isUnderstood(extensions) && between <= (longest ?? Number.POSITIVE_INFINITY);
}

/** False when it was signed over a digest for which others can be found. */
export function isSignedToday(certificate: X509Certificate): boolean {
  return SIGNED_TODAY.test(read(certificate).algorithm);
}

function read(certificate: X509Certificate): { readonly extensions: readonly Extension[]; readonly algorithm: string } {
  const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(certificate.raw, Certificate);
  return { extensions: tbsCertificate.extensions ?? [], algorithm: signatureAlgorithm.algorithm };
}

function isUnderstood(extensions: readonly Extension[]): boolean {
  const ids = extensions.map(({ extnID }) => extnID);
  const isOnce = new Set(ids).size === ids.length;
  const known = ({ extnID, critical }: Extension): boolean => !critical || UNDERSTOOD.includes(extnID);
  return isOnce && !ids.includes(id_ce_nameConstraints) && extensions.every(known);
}

function purposesIn(extension: Extension | undefined): readonly string[] | undefined {
  return extension === undefined ? undefined : [...AsnConvert.parse(extension.extnValue, ExtendedKeyUsage)];
}

function keyUsage(extensions: readonly Extension[]): number | undefined {
  const extension = extensions.find(({ extnID }) => extnID === id_ce_keyUsage);
  return extension === undefined ? undefined : AsnConvert.parse(extension.extnValue, KeyUsage).toNumber();
}
