// X.509 certificates (RFC 5280) as strict verifiers want them: a positive serial number without padding, key identifiers on both sides (Python 3.13
// refuses without), critical constraints, names as subjectAltName. The encoding is the library's; which fields there are is decided here.
import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";
import { isAddress } from "#core/net";

/** What a certificate says. */
export interface CertificateFacts {
  /** The common name of the subject; shown to people, matched by nobody. */
  readonly subject: string;
  readonly issuer: string;
  /** P-256. */
  readonly publicKey: KeyObject;
  /** The key that signs, and its public half. */
  readonly signer: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The one server it is for, a name or an address; absent in an authority's own, which may sign leaves and nothing else. */
  readonly host?: string;
}

const ECDSA_SHA256 = "1.2.840.10045.4.3.2";
const COMMON_NAME = "2.5.4.3";
const SERIAL_BYTES = 16;

/** The certificate as PEM. */
export function makeCertificate(facts: CertificateFacts): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_SHA256 });
  const tbs = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: commonName(facts.issuer),
    validity: new Validity({ notBefore: facts.notBefore, notAfter: facts.notAfter }),
    subject: commonName(facts.subject),
    subjectPublicKeyInfo: AsnConvert.parse(spki(facts.publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions(
      facts.host === undefined ? authorityExtensions(facts) : leafExtensions(facts, facts.host),
    ),
  });
  const signature = sign("sha256", Buffer.from(AsnConvert.serialize(tbs)), facts.signer.privateKey);
  const certificate = new Certificate({
    tbsCertificate: tbs,
    signatureAlgorithm: algorithm,
    signatureValue: arrayBuffer(signature),
  });
  return pemOf(Buffer.from(AsnConvert.serialize(certificate)));
}

/** One certificate's bytes as a PEM block. */
export function pemOf(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function authorityExtensions({ publicKey }: CertificateFacts): Extension[] {
  return [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), "critical"),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), "critical"),
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(publicKey))),
  ];
}

function leafExtensions({ publicKey, signer }: CertificateFacts, host: string): Extension[] {
  const name = new GeneralName(isAddress(host) ? { iPAddress: host } : { dNSName: host });
  return [
    extension(id_ce_basicConstraints, new BasicConstraints({ cA: false }), "critical"),
    extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), "critical"),
    extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth])),
    extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(publicKey))),
    extension(
      id_ce_authorityKeyIdentifier,
      new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyIdentifier(signer.publicKey)) }),
    ),
    extension(id_ce_subjectAltName, new SubjectAlternativeName([name])),
  ];
}

function extension(id: string, value: unknown, critical?: "critical"): Extension {
  return new Extension({
    extnID: id,
    critical: critical !== undefined,
    extnValue: new OctetString(AsnConvert.serialize(value)),
  });
}

// RFC 5280 section 4.1.2.2: positive, at most 20 octets. The top bits 01 also keep OpenSSL from calling it padded.
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return arrayBuffer(bytes);
}

/** RFC 7093 section 2, method 1: the first 160 bits of the SHA-256 of the key's bits. */
function keyIdentifier(key: KeyObject): ArrayBuffer {
  const { subjectPublicKey } = AsnConvert.parse(spki(key), SubjectPublicKeyInfo);
  return arrayBuffer(createHash("sha256").update(Buffer.from(subjectPublicKey)).digest().subarray(0, 20));
}

function spki(key: KeyObject): Buffer {
  const publicKey = key.type === "public" ? key : createPublicKey(key);
  return publicKey.export({ type: "spki", format: "der" });
}

function commonName(text: string): Name {
  const value = new AttributeValue({ utf8String: text });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: COMMON_NAME, value })])]);
}

/** A copy that shares no pool with others. */
function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
