// Public keys of SSH hosts: whether one of them signed something (RFC 4253 section 6.6, RFC 5656, RFC 8332, RFC 8709), and how a key is called.
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { parsed, type SshReader } from "./wire.ts";

/** `SHA256:…` as ssh-keygen prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** True when the holder of the key signed `data`. Kinds that are not known here have signed nothing. */
export function isSignedBy(blob: Buffer, data: Buffer, signature: Buffer): boolean {
  const key = parsed(blob, readKey);
  const signed = parsed(signature, (reader) => ({ algorithm: reader.text(), bytes: reader.string() }));
  if (key === undefined || signed === undefined) return false;
  const hash = key.hashes[signed.algorithm];
  if (hash === undefined) return false;
  try {
    const bytes = key.isCurve ? ieee(signed.bytes, key.size) : signed.bytes;
    return bytes !== undefined && verify(hash, data, { key: key.object, dsaEncoding: "ieee-p1363" }, bytes);
  } catch {
    return false; // no key that OpenSSL takes
  }
}

interface HostKey {
  readonly object: KeyObject;
  /** The digest of each algorithm of its signatures; `null` where the algorithm has its own. */
  readonly hashes: Readonly<Record<string, string | null>>;
  readonly isCurve: boolean;
  /** Bytes of a coordinate. */
  readonly size: number;
}

const CURVES: Readonly<Record<string, { readonly crv: string; readonly hash: string; readonly size: number }>> = {
  "ecdsa-sha2-nistp256": { crv: "P-256", hash: "sha256", size: 32 },
  "ecdsa-sha2-nistp384": { crv: "P-384", hash: "sha384", size: 48 },
  "ecdsa-sha2-nistp521": { crv: "P-521", hash: "sha512", size: 66 },
};

function readKey(reader: SshReader): HostKey | undefined {
  const kind = reader.text();
  const jwk = (key: Record<string, string>): KeyObject => createPublicKey({ key, format: "jwk" });
  const digits = (bytes: Buffer): string => bytes.toString("base64url");
  if (kind === "ssh-ed25519") {
    const object = jwk({ kty: "OKP", crv: "Ed25519", x: digits(reader.string()) });
    return { object, hashes: { "ssh-ed25519": null }, isCurve: false, size: 0 };
  }
  if (kind === "ssh-rsa") {
    const e = unsigned(reader.string());
    const n = unsigned(reader.string());
    // Signatures by SHA-1 (`ssh-rsa`) prove nothing any more.
    const hashes = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" };
    return { object: jwk({ kty: "RSA", e: digits(e), n: digits(n) }), hashes, isCurve: false, size: 0 };
  }
  const curve = CURVES[kind];
  if (curve === undefined) return undefined;
  reader.string(); // the curve's name once more
  const point = reader.string();
  if (point[0] !== 4 || point.length !== 1 + 2 * curve.size) return undefined;
  const [x, y] = [point.subarray(1, 1 + curve.size), point.subarray(1 + curve.size)];
  const object = jwk({ kty: "EC", crv: curve.crv, x: digits(x), y: digits(y) });
  return { object, hashes: { [kind]: curve.hash }, isCurve: true, size: curve.size };
}

/** Two numbers of SSH → the two of fixed width that OpenSSL is given. */
function ieee(signature: Buffer, size: number): Buffer | undefined {
  const pair = parsed(signature, (reader) => [unsigned(reader.string()), unsigned(reader.string())] as const);
  if (pair === undefined || pair.some((number) => number.length > size)) return undefined;
  return Buffer.concat(pair.map((number) => Buffer.concat([Buffer.alloc(size - number.length), number])));
}

function unsigned(number: Buffer): Buffer {
  let from = 0;
  while (from < number.length - 1 && number[from] === 0) from++;
  return number.subarray(from);
}
