// What a witness says about somebody else's checkpoint (c2sp.org/tlog-cosignature, the Ed25519 kind): "at this time, this was
// the largest tree of that log I had seen, and it extends all I saw before". One more signature line under the checkpoint.
import { fromBase64, toBase64, toHex } from "./base64.ts";
import type { Sha256 } from "./merkle.ts";
import { isKeyName, signatureLine, splitNote, type VerifierKey, type VerifyEd25519 } from "./note.ts";

const COSIGNATURE = 4;

/** Bytes of the time in front of the signature. */
const TIME = 8;

/** A witness's identity. Its id differs from that of a log key with the same bytes, so neither can pass for the other. */
export function cosignerKey(sha256: Sha256, name: string, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name) || publicKey.length !== 32)
    throw new RangeError("a verifier key needs a plain name and 32 bytes");
  const input = new Uint8Array([...new TextEncoder().encode(`${name}\n`), COSIGNATURE, ...publicKey]);
  return { name, id: toHex(sha256(input).slice(0, 4)), publicKey };
}

/** `name+id+base64(04 ‖ key)`. */
export function formatCosignerKey(key: VerifierKey): string {
  return `${key.name}+${key.id}+${toBase64(new Uint8Array([COSIGNATURE, ...key.publicKey]))}`;
}

/** Reads a witness's vkey line; undefined when it is not one. */
export function parseCosignerKey(sha256: Sha256, text: string): VerifierKey | undefined {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  const [name, id, data] = [match?.[1], match?.[2], match?.[3]];
  if (name === undefined || id === undefined || data === undefined || !isKeyName(name)) return undefined;
  const bytes = fromBase64(data);
  if (bytes === undefined || bytes.length !== 33 || bytes[0] !== COSIGNATURE) return undefined;
  const key = cosignerKey(sha256, name, bytes.slice(1));
  return key.id === id ? key : undefined;
}

/** A witness's signer. */
export interface Cosigner {
  readonly key: VerifierKey;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** The signature line for a checkpoint's text at a time in seconds since 1970. */
export function cosign(text: string, time: number, cosigner: Cosigner): string {
  if (!Number.isSafeInteger(time) || time <= 0) throw new RangeError("a cosignature needs a time");
  const stamp = new Uint8Array(TIME);
  new DataView(stamp.buffer).setBigUint64(0, BigInt(time));
  const signature = new Uint8Array([...stamp, ...cosigner.sign(cosignedMessage(text, time))]);
  return signatureLine({ ...cosigner.key, signature });
}

/** A known witness's word under a checkpoint. */
export interface Cosignature {
  readonly key: VerifierKey;
  /** Seconds since 1970. */
  readonly time: number;
}

/** The valid cosignatures of known witnesses; undefined when the note is malformed or a known witness's signature is wrong. */
export function cosignaturesOf(
  note: string,
  witnesses: readonly VerifierKey[],
  verify: VerifyEd25519,
): readonly Cosignature[] | undefined {
  const parts = splitNote(note);
  if (parts === undefined) return undefined;
  const found: Cosignature[] = [];
  for (const { name, id, signature } of parts.signatures) {
    const key = witnesses.find((known) => known.name === name && known.id === id);
    if (key === undefined) continue;
    if (signature.length !== TIME + 64) return undefined;
    const time = Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0));
    if (!Number.isSafeInteger(time) || time <= 0) return undefined;
    if (!verify(key.publicKey, cosignedMessage(parts.text, time), signature.slice(TIME))) return undefined;
    if (!found.some((other) => other.key === key)) found.push({ key, time });
  }
  return found;
}

function cosignedMessage(text: string, time: number): Uint8Array {
  return new TextEncoder().encode(`cosignature/v1\ntime ${time}\n${text}`);
}
