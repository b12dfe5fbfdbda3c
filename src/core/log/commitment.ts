// Private fields: what people and models said stands in the line as a salted commitment, `{"$c":"<hex SHA-256(salt ‖ value)>","n":<bytes>}`; salt and
// value stand in the log's vault alone. Without the vault nobody can guess a short value, and the chain stands when it is deleted.
import { fromHex, toHex } from "./base64.ts";
import type { Sha256 } from "./merkle.ts";
import type { Json } from "./record.ts";

/** Fields of `data` that are private, by the record's type. */
export type PrivateFields = Readonly<Record<string, readonly string[]>>;

/** What a session keeps private: what was said to a model, by it, and what its tools answered. */
export const PRIVATE_FIELDS: PrivateFields = {
  prompt: ["text"],
  "model.output": ["text", "thinking"],
  "tool.result": ["output"],
  "mcp.result": ["output"],
};

/** Bytes of a salt. */
export const SALT_LENGTH = 16;

/** A private value, and what opens its commitment. */
export interface PrivateValue {
  /** `data.text`. */
  readonly path: string;
  /** Lower-case hexadecimal. */
  readonly salt: string;
  readonly value: Json;
}

/** What a commitment is made with; handed in, because core has neither chance nor crypto. */
export interface Sealing {
  readonly fields: PrivateFields;
  /** 16 random bytes. */
  readonly salt: () => Uint8Array;
}

/** The bytes that are hashed: the salt, and a text as it is or any other value as JSON. */
export function committedBytes(salt: Uint8Array, value: Json): { readonly bytes: Uint8Array; readonly length: number } {
  const said = new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
  const bytes = new Uint8Array(salt.length + said.length);
  bytes.set(salt);
  bytes.set(said, salt.length);
  return { bytes, length: said.length };
}

/**
 * True when this is what was committed to. The salt has its one length: bytes of the value that went over to it would leave the hash, and of the value
 * only its end ("do not" is easily lost so).
 */
export function opensCommitment(
  digest: string,
  { salt, value }: Pick<PrivateValue, "salt" | "value">,
  sha256: Sha256,
): boolean {
  const bytes = fromHex(salt);
  return bytes?.length === SALT_LENGTH && toHex(sha256(committedBytes(bytes, value).bytes)) === digest;
}

/** The digest that a commitment names; `undefined` for what is none. Only the log's writer makes such a key. */
export function commitmentOf(value: Json | undefined): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { $c: digest, n } = value as { readonly [key: string]: Json };
  return typeof digest === "string" && /^[0-9a-f]{64}$/.test(digest) && typeof n === "number" ? digest : undefined;
}
