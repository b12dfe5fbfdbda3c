// A compressed body: held until it was read as what it is without its coding, where it may be an object.
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import type { Body, Refused } from "./exchange.ts";
import { beginningOf } from "./object-guard.ts";

const MOST_BYTES = 1_048_576;
const UNPACKED_MOST = 8 * MOST_BYTES;
/** By so much of a body it is told whether an object begins there. */
const BEGINNING = 4_096;

/** What it is made with. */
export interface PackedOptions {
  /** As the head lists them, in lower case. */
  readonly codings: readonly string[];
  /** The guard of what is inside. */
  readonly inner: Body;
  /** The head says that it is an object. Otherwise what begins as none passes, and what is in a coding that is not known here. */
  readonly isObject: boolean;
  readonly unread: () => Refused;
}

/** The guard. */
export function packedGuard({ codings, inner, isObject, unread }: PackedOptions): Body {
  const coding = codings.join(",");
  const held: Buffer[] = [];
  let size = 0;
  let isOther = !isObject && !isKnown(coding);
  let isTold = isObject;
  const judged = (): readonly Buffer[] | Refused => {
    const plain = withoutCoding(Buffer.concat(held), coding);
    if (plain === undefined) return unread();
    const said = [inner.take(plain), inner.end()].find((made) => "reason" in made);
    return said ?? held;
  };
  return {
    keepsLength: true,
    take: (piece) => {
      if (isOther) return [piece];
      held.push(piece);
      size += piece.length;
      if (!isTold && size >= BEGINNING) {
        isTold = true;
        isOther = beginsAsOther(Buffer.concat(held).subarray(0, BEGINNING), coding);
        if (isOther) return held.splice(0);
      }
      return size > MOST_BYTES ? unread() : [];
    },
    end: () => (isOther ? [] : judged()),
  };
}

type Undo = (bytes: Buffer, options: object) => Buffer;
const UNDO: ReadonlyMap<string, Undo> = new Map<string, Undo>([
  ["gzip", gunzipSync],
  ["x-gzip", gunzipSync],
  // Two formats go by this name (RFC 9110 section 8.4.1.2, and what clients send).
  [
    "deflate",
    (bytes, options) => (((bytes[0] ?? 0) & 15) === 8 ? inflateSync(bytes, options) : inflateRawSync(bytes, options)),
  ],
  ["br", brotliDecompressSync],
]);

/** Several are nothing that anybody sends, and no way round. */
function isKnown(coding: string): boolean {
  return UNDO.has(coding) || coding.includes(",");
}

function beginsAsOther(bytes: Buffer, coding: string): boolean {
  const begun = undone(bytes, coding, {
    finishFlush: coding === "br" ? constants.BROTLI_OPERATION_FLUSH : constants.Z_SYNC_FLUSH,
  });
  return begun !== undefined && beginningOf(begun, false) === "other";
}

/** The bytes of a body behind its content coding; `undefined` where they cannot be read here. */
function withoutCoding(bytes: Buffer, coding: string): Buffer | undefined {
  return undone(bytes, coding, {});
}

function undone(bytes: Buffer, coding: string, options: object): Buffer | undefined {
  try {
    return UNDO.get(coding)?.(bytes, { maxOutputLength: UNPACKED_MOST, ...options });
  } catch {
    return undefined;
  }
}
