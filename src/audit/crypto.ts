// The three primitives of the record, from node:crypto: SHA-256, Ed25519 signing and checking.
import { createPublicKey, generateKeyPairSync, hash, type KeyObject, sign, verify } from "node:crypto";
import { type NoteSigner, type VerifierKey, verifierKey } from "#core/log";

/** DER of an Ed25519 SubjectPublicKeyInfo up to the 32 bytes of the key (RFC 8410). */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

/** SHA-256 as bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  // By way of a string: a buffer of its own for each hash is memory outside the heap, and dear to collect.
  const digest = Buffer.allocUnsafe(32);
  digest.write(hash("sha256", bytes, "binary"), "latin1");
  return digest;
}

/** SHA-256 as lower-case hexadecimal. */
export function sha256Hex(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}

/** Checks an Ed25519 signature. Keys and signatures of the wrong shape are false, never a throw. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: "der", type: "spki" });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}

/** A signer whose key can be dropped: nobody signs with it after that, whoever still holds the signer. */
export interface KeptSigner extends NoteSigner {
  /** Lets go of the key. OpenSSL wipes it when it is collected; when that is, the garbage collector alone knows. */
  readonly erase: () => void;
}

/** A signer for an Ed25519 private key under a name. */
export function signerFor(name: string, privateKey: KeyObject): KeptSigner {
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const key: VerifierKey = verifierKey(sha256, name, new Uint8Array(spki.subarray(SPKI.length)));
  let held: KeyObject | undefined = privateKey;
  return {
    key,
    sign(message: Uint8Array): Uint8Array {
      if (held === undefined) throw new Error("a key that was erased cannot sign");
      return sign(null, message, held);
    },
    erase(): void {
      held = undefined;
    },
  };
}

/** A fresh key that exists in this process's memory only. */
export function ephemeralSigner(name: string): KeptSigner {
  return signerFor(name, generateKeyPairSync("ed25519").privateKey);
}
