// What of a private key is private. Half of its file is the public key, which anybody may send; looked for are the numbers that only the owner knows.
import { createPrivateKey } from "node:crypto";
import { opensshPrivateParts } from "./openssh-key.ts";

/** Of such numbers this much is as good as all: they resemble nothing. */
export const KEY_PART = 24;

/** The private numbers of a PEM text; the body of one that cannot be read (encrypted, unknown), which is then looked for as it stands. */
export function privateParts(pem: string): readonly Uint8Array[] {
  const body = pem
    .split(/\r?\n/)
    .filter((line) => line !== "" && !/^-----|:/.test(line))
    .join("");
  const bytes = Buffer.from(body, "base64");
  const openssh = opensshPrivateParts(bytes);
  if (openssh !== undefined) return openssh;
  try {
    const { d, p, q, k } = createPrivateKey(pem).export({ format: "jwk" });
    const numbers = [d, p, q, k].flatMap((part) => (part === undefined ? [] : [Buffer.from(part, "base64url")]));
    if (numbers.length > 0) return numbers;
  } catch {
    // Encrypted, or of a kind that Node does not know.
  }
  // Its first bytes say what it is, and say it in every key of the kind.
  return bytes.length > 96 ? [bytes.subarray(64)] : [];
}
