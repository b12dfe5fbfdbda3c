// An answer that is compressed although it was asked for as it is: held until it is complete, read, and passed on unchanged when no value is in it.
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import type { Body, Refused } from "./exchange.ts";
import type { Scrubber } from "./scrub.ts";

const HELD_MOST = 16 * 1024 * 1024;
const DECODED_MOST = 128 * 1024 * 1024;
const HINT =
  "the server sends it compressed although it was asked not to, and no answer of a host with a credential passes unread";

type Decode = (bytes: Buffer) => Buffer;
const bounded = { maxOutputLength: DECODED_MOST };
const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ["gzip", (bytes) => gunzipSync(bytes, bounded)],
  ["x-gzip", (bytes) => gunzipSync(bytes, bounded)],
  ["br", (bytes) => brotliDecompressSync(bytes, bounded)],
  // Two formats go by this name (RFC 9110 section 8.4.1.2, and what servers send).
  [
    "deflate",
    (bytes) => (((bytes[0] ?? 0) & 0x0f) === 8 ? inflateSync(bytes, bounded) : inflateRawSync(bytes, bounded)),
  ],
]);

/** Reads it. More than is held, or a coding that is not known here, is refused. */
export function encodedAnswer(coding: string, scrubber: Scrubber): Body {
  const held: Buffer[] = [];
  let size = 0;
  const no = (reason: string): Refused => ({ reason, hint: HINT });
  const codings = coding
    .toLowerCase()
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "" && word !== "identity");
  const decoders = codings.map((word) => DECODERS.get(word));
  return {
    keepsLength: true,
    take: (piece) => {
      size += piece.length;
      if (decoders.includes(undefined) || size > HELD_MOST) return no("unread-answer");
      held.push(piece);
      return [];
    },
    end: () => {
      if (size === 0) return [];
      try {
        const whole = Buffer.concat(held);
        const plain = decoders.reduceRight<Buffer>(
          (bytes, decode) => (decode === undefined ? bytes : decode(bytes)),
          whole,
        );
        return scrubber.finds(plain) ? no("answer-holds-credential") : [whole];
      } catch {
        return no("unread-answer");
      }
    },
  };
}
