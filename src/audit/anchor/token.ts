// Time-stamp tokens (RFC 3161, updated by RFC 5816): who says that some bytes existed at a time. The messages are read by the library; what makes a token
// good is decided here: the bytes, the signer's signature, and the signer's certificate up to one that a person trusts.
import { createHash, verify as signatureHolds, X509Certificate } from "node:crypto";
import {
  type Attribute,
  type CertificateSet,
  ContentInfo,
  id_contentType,
  id_messageDigest,
  id_signedData,
  SignedData,
  type SignerInfo,
} from "@peculiar/asn1-cms";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import { id_ct_tstInfo, PKIStatus, TimeStampResp, TSTInfo } from "@peculiar/asn1-tsp";
import { err, ok, type Result } from "#core";
import { certificatePath } from "./certificate-path.ts";

/** What a good token says. */
export interface TimestampWord {
  /** The authority's clock. */
  readonly time: Date;
  /** Subject of the authority's certificate, in one line; an adversary's text until `time` is believed. */
  readonly authority: string;
  /** What the question gave to tell its answer from others; absent when it gave nothing. */
  readonly nonce: Uint8Array | undefined;
}

/** Digests that are still good, by object identifier. */
const DIGESTS: ReadonlyMap<string, string> = new Map([
  ["2.16.840.1.101.3.4.2.1", "sha256"],
  ["2.16.840.1.101.3.4.2.2", "sha384"],
  ["2.16.840.1.101.3.4.2.3", "sha512"],
]);
/** signingCertificate and signingCertificateV2 (RFC 5035), with the digests that each may use. */
const NAMES_SIGNER: ReadonlyMap<string, readonly string[]> = new Map([
  ["1.2.840.113549.1.9.16.2.12", ["sha1"]],
  ["1.2.840.113549.1.9.16.2.47", ["sha256", "sha384", "sha512"]],
]);

/** Checks a reply (a `.tsr` file) over `stamped`. `trusted`: certificates of authorities, or of those who certified them. The error says why in words. */
export function checkTimestamp(
  reply: Uint8Array,
  stamped: Uint8Array,
  trusted: readonly X509Certificate[],
): Result<TimestampWord, string> {
  try {
    return judge(reply, stamped, trusted);
  } catch (error) {
    return err(`it is no time-stamp reply (${(error as Error).message})`);
  }
}

function judge(
  reply: Uint8Array,
  stamped: Uint8Array,
  trusted: readonly X509Certificate[],
): Result<TimestampWord, string> {
  if (endOfDer(reply) !== reply.length) return err("it is not one message and nothing else");
  const { status, timeStampToken } = AsnConvert.parse(reply, TimeStampResp);
  if (status.status !== PKIStatus.granted && status.status !== PKIStatus.grantedWithMods)
    return err(`the authority refused: ${status.statusString?.join("; ") ?? `status ${status.status}`}`);
  if (timeStampToken === undefined) return err("it holds no token");
  const content = AsnConvert.parse(AsnConvert.serialize(timeStampToken), ContentInfo);
  if (content.contentType !== id_signedData) return err("its token is not signed data");
  const signed = AsnConvert.parse(content.content, SignedData);
  const { eContent, eContentType } = signed.encapContentInfo;
  const [signer] = signed.signerInfos;
  if (eContentType !== id_ct_tstInfo || eContent?.single === undefined) return err("its token stamps nothing");
  if (signer === undefined || signed.signerInfos.length !== 1) return err("its token has not exactly one signer");
  const info = Buffer.from(eContent.single.buffer);
  const word = AsnConvert.parse(info, TSTInfo);
  const { hashAlgorithm, hashedMessage } = word.messageImprint;
  const digest = DIGESTS.get(hashAlgorithm.algorithm);
  if (digest === undefined) return err(`its digest (${hashAlgorithm.algorithm}) is not one of today`);
  if (!Buffer.from(hashedMessage.buffer).equals(digestOf(digest, stamped))) return err("it stamps something else");
  const candidates = signersOf(signed.certificates, trusted).filter((one) => isOf(one, signer));
  // a serial number is one issuer's own: of several, the signer names its own by a digest
  const certificate = candidates.find((one) => isNamed(one, signer)) ?? candidates[0];
  if (certificate === undefined) return err("the signer's certificate is neither in it nor among the trusted ones");
  const wrong = signatureFault(signer, info, certificate);
  if (wrong !== undefined) return err(wrong);
  const path = certificatePath(certificate, signersOf(signed.certificates, []), { trusted, at: word.genTime });
  if (!path.ok) return path;
  const nonce = word.nonce === undefined ? undefined : Buffer.from(word.nonce);
  return ok({ time: word.genTime, authority: certificate.subject.replaceAll("\n", ", "), nonce });
}

function signersOf(
  inside: CertificateSet | undefined,
  trusted: readonly X509Certificate[],
): readonly X509Certificate[] {
  const sent = [...(inside ?? [])].flatMap(({ certificate }) => (certificate === undefined ? [] : [certificate]));
  return [...sent.map((one) => new X509Certificate(Buffer.from(AsnConvert.serialize(one)))), ...trusted];
}

function isOf(certificate: X509Certificate, { sid }: SignerInfo): boolean {
  const serial = sid.issuerAndSerialNumber?.serialNumber;
  if (serial === undefined) return false;
  const hex = Buffer.from(serial)
    .toString("hex")
    .replace(/^(?:00)+/, "")
    .toUpperCase();
  return certificate.serialNumber.replace(/^(?:00)+/, "") === hex;
}

/** What is wrong with the signature, in words. The signed attributes must name the content, its kind and the certificate (RFC 5652 section 5.4). */
function signatureFault(signer: SignerInfo, info: Buffer, certificate: X509Certificate): string | undefined {
  const digest = DIGESTS.get(signer.digestAlgorithm.algorithm);
  const { signedAttrs = [] } = signer;
  if (digest === undefined) return "it is signed in a way that is not of today";
  const one = (kind: string): Buffer | undefined => onlyValue(signer, kind);
  const said = one(id_messageDigest);
  if (said === undefined || !Buffer.from(AsnConvert.parse(said, OctetString).buffer).equals(digestOf(digest, info)))
    return "its signature is about something else";
  if (one(id_contentType)?.subarray(2).equals(identifier(id_ct_tstInfo)) !== true)
    return "its signature is about another kind of content";
  if (!isNamed(certificate, signer)) return "its signature does not name the signer's certificate";
  const algorithm = /^1\.3\.101\./.test(signer.signatureAlgorithm.algorithm) ? null : digest;
  return signatureHolds(algorithm, asSet(signedAttrs), certificate.publicKey, Buffer.from(signer.signature.buffer))
    ? undefined
    : "its signature does not hold";
}

/** The value of a signed attribute that stands there once. */
function onlyValue({ signedAttrs = [] }: SignerInfo, kind: string): Buffer | undefined {
  const [found, second] = signedAttrs.filter(({ attrType }) => attrType === kind);
  const [value, another] = found?.attrValues ?? [];
  return value === undefined || second !== undefined || another !== undefined ? undefined : Buffer.from(value);
}

/** True when the signer says, in what it signed, that this is its certificate. */
function isNamed(certificate: X509Certificate, signer: SignerInfo): boolean {
  return [...NAMES_SIGNER].some(([kind, digests]) => {
    const value = onlyValue(signer, kind);
    return digests.some((each) => {
      const hash = digestOf(each, certificate.raw);
      return value?.includes(Buffer.concat([Buffer.from([0x04, hash.length]), hash])) === true;
    });
  });
}

/** Attributes are signed as a SET in DER, and sent as [0]. */
function asSet(attributes: readonly Attribute[]): Buffer {
  const content = Buffer.concat(attributes.map((one) => Buffer.from(AsnConvert.serialize(one))));
  const size = content.length.toString(16);
  const length = Buffer.from(size.length % 2 === 0 ? size : `0${size}`, "hex");
  const prefix = content.length < 128 ? [0x31, content.length] : [0x31, 0x80 | length.length, ...length];
  return Buffer.concat([Buffer.from(prefix), content]);
}

function digestOf(name: string, bytes: Uint8Array): Buffer {
  return createHash(name).update(bytes).digest();
}

/** Where the first DER value ends (X.690 section 8.1.3). */
function endOfDer(bytes: Uint8Array): number {
  const first = bytes[1] ?? 0;
  if (first < 0x80) return 2 + first;
  const length = bytes.subarray(2, 2 + (first & 0x7f));
  return 2 + length.length + length.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** The content bytes of an object identifier in DER (X.690 section 8.19). */
function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return Buffer.from([40 * first + second, ...rest.flatMap(base128)]);
}

function base128(arc: number): readonly number[] {
  return arc < 128 ? [arc] : [...base128(arc >> 7).map((byte) => byte | 0x80), arc & 0x7f];
}
