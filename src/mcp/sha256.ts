// The digest that pins are counted with.
import { createHash } from "node:crypto";

/** SHA-256. */
export function sha256(data: Uint8Array): Uint8Array {
  return createHash("sha256").update(data).digest();
}
