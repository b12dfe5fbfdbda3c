// Somebody else's key in an object (JSON): under a name by which servers know who asks, or of the very kind that the host takes, whatever its name. It
// passes while it is read, and breaks off before the end of such a text; one that is compressed is held until it was read.
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { isForeignKin, presentsByName, presentsInObject, type ServedPlace } from "#core/credentials";
import type { Body, Refused } from "./exchange.ts";
import { type ObjectText, ObjectTexts } from "./object-texts.ts";

/** What a body may show. */
export interface ObjectPlace extends ServedPlace {
  /** The policy has the value in bodies there: then names are enough. */
  readonly inBodies: boolean;
}

/** Where a token of the host's own kind is looked for: deeper, a conversation speaks of it. */
const KIN_DEPTH = 4;
const UNPACKED_MOST = 8 * 1_048_576;

/** True for a text that is somebody else's key. */
export function isForeignText(text: ObjectText, place: ObjectPlace): boolean {
  const { depth, name, value } = text;
  if (value === "" || place.placeholders.includes(value)) return false;
  const isNamed = place.inBodies && depth <= 2 && presentsByName(name);
  return isNamed || presentsInObject(text) || (depth <= KIN_DEPTH && isForeignKin(place, value));
}

/** The first foreign text of a whole body. */
export function foreignText(bytes: Uint8Array, place: ObjectPlace): ObjectText | undefined {
  let found: ObjectText | undefined;
  new ObjectTexts().take(bytes, (text) => {
    if (found === undefined && isForeignText(text, place)) found = text;
    return found !== undefined;
  });
  return found;
}

/** The guard of a body that may be an object: by its first byte, whatever it says it is. */
export function objectGuard(place: ObjectPlace, foreign: (name: string) => Refused): Body {
  const texts = new ObjectTexts();
  let held: Buffer = Buffer.alloc(0);
  let isObject: boolean | undefined;
  return {
    keepsLength: true,
    take: (piece) => {
      isObject ??= firstMark(piece);
      if (isObject !== true) return [piece];
      let found: ObjectText | undefined;
      const { openFrom } = texts.take(piece, (text) => {
        if (isForeignText(text, place)) found = text;
        return found !== undefined;
      });
      if (found !== undefined) return foreign(found.name);
      const whole = held.length === 0 ? piece : Buffer.concat([held, piece]);
      const upTo = openFrom === 0 && held.length > 0 ? 0 : whole.length - piece.length + openFrom;
      held = Buffer.from(whole.subarray(upTo));
      return upTo === 0 ? [] : [whole.subarray(0, upTo)];
    },
    end: () => (held.length === 0 ? [] : [held]),
  };
}

/** `undefined` while there are only blanks and a byte order mark. */
function firstMark(piece: Buffer): boolean | undefined {
  const [mark] = /[^\s\xef\xbb\xbf]/.exec(piece.toString("latin1")) ?? [];
  return mark === undefined ? undefined : mark === "{" || mark === "[";
}

/** The bytes of a body behind its content coding; `undefined` where they cannot be read here. */
export function withoutCoding(bytes: Buffer, coding: string): Buffer | undefined {
  const limit = { maxOutputLength: UNPACKED_MOST };
  try {
    switch (coding.trim().toLowerCase()) {
      case "gzip":
      case "x-gzip":
        return gunzipSync(bytes, limit);
      case "deflate":
        return inflateSync(bytes, limit);
      case "br":
        return brotliDecompressSync(bytes, limit);
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}
