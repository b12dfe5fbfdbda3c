// What `Content-Encoding` says of a request's body (RFC 9110 section 8.4), undone strictly: what cannot be undone to its last byte is not looked through,
// and so is not sent.
import zlib from "node:zlib";
import { type Field, valuesOf } from "../head.ts";
import { undoAwsChunked } from "./aws-chunked.ts";

type Undo = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Buffer;

// Node has it from 22.15 on.
const { zstdDecompressSync } = zlib as { readonly zstdDecompressSync?: Undo };

const UNDO: Readonly<Record<string, Undo | undefined>> = {
  gzip: zlib.gunzipSync,
  "x-gzip": zlib.gunzipSync,
  deflate: eitherDeflate,
  br: zlib.brotliDecompressSync,
  zstd: zstdDecompressSync,
  "aws-chunked": undoAwsChunked,
};

/** The codings in the order in which they were applied; `undefined` where one is none that can be undone here. */
export function codingsOf(fields: readonly Field[]): readonly string[] | undefined {
  const codings = valuesOf(fields, "content-encoding")
    .flatMap((value) => value.toLowerCase().split(","))
    .map((word) => word.trim())
    .filter((word) => word !== "" && word !== "identity");
  return codings.every((coding) => UNDO[coding] !== undefined) ? codings : undefined;
}

/** The bytes without their codings, at most `most` of them; `undefined` where that fails. */
export function undoCodings(bytes: Uint8Array, codings: readonly string[], most: number): Uint8Array | undefined {
  try {
    return codings.toReversed().reduce((now, coding) => (now.length === 0 ? now : undo(now, coding, most)), bytes);
  } catch {
    return undefined;
  }
}

function undo(bytes: Uint8Array, coding: string, most: number): Uint8Array {
  const step = UNDO[coding];
  if (step === undefined) throw new Error("codingsOf was not asked");
  return step(bytes, { maxOutputLength: most });
}

/** With the frame of RFC 1950, as the standard says, or bare, as some clients send and all servers take. */
function eitherDeflate(bytes: Uint8Array, options: { readonly maxOutputLength: number }): Buffer {
  return ((bytes[0] ?? 0) & 15) === 8 && (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 31 === 0
    ? zlib.inflateSync(bytes, options)
    : zlib.inflateRawSync(bytes, options);
}
