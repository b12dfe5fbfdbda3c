// The hash that AWS signatures are made with, for the pure part.
import { createHash, createHmac } from "node:crypto";
import type { Hash } from "#core/credentials";

/** SHA-256 and HMAC-SHA-256. */
export const AWS_HASH: Hash = {
  sha256: (data) => createHash("sha256").update(data).digest("hex"),
  hmac: (key, data) => createHmac("sha256", key).update(data).digest(),
};
