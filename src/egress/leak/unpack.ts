// Compression undone by node:zlib within bounds, for the search for secrets. Nothing it is given makes it throw or write more than it is allowed. Sums and
// frames are not checked: who wants a secret out does not care for a check either.
import zlib from "node:zlib";
import { mayInflate, type Unpack, type Unpacked } from "#core/leak";

/** Zstandard is read where Node has it (22.15); elsewhere it is a body that cannot be looked into. */
const zstd = (zlib as { readonly zstdDecompressSync?: (bytes: Uint8Array, options: object) => Buffer })
  .zstdDecompressSync;

/** The `Unpack` of core. */
export const unpack: Unpack = (bytes, packing, most) => {
  switch (packing) {
    case "deflate":
      return inflated(bytes, most);
    case "brotli":
      return attempt(() =>
        zlib.brotliDecompressSync(bytes, {
          ...{ finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH, maxOutputLength: most, chunkSize: chunkFor(bytes) },
          ...INFO,
        }),
      );
    case "zstd":
      return zstd === undefined
        ? { kind: "too-large" }
        : attempt(() => ({ buffer: zstd(bytes, { maxOutputLength: most }), engine: { bytesWritten: bytes.length } }));
    case "opaque":
      return { kind: "too-large" };
    default:
      return packing satisfies never;
  }
};

const INFO = { info: true } as object;

/** What zlib gives for `info`, which its types do not know. */
interface Done {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function inflated(bytes: Uint8Array, most: number): Unpacked {
  if (!mayInflate(bytes)) return { kind: "not" };
  const upTo = (end: number): Unpacked =>
    attempt(() =>
      zlib.inflateRawSync(bytes.subarray(0, end), {
        ...{ finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: most, chunkSize: chunkFor(bytes) },
        ...INFO,
      }),
    );
  const all = upTo(bytes.length);
  if (all.kind !== "not" && all.kind !== "too-large" && all.consumed >= bytes.length)
    return isComplete(bytes, most) ? all : { ...all, kind: "cut" };
  if (all.kind !== "not") return all;
  // It breaks somewhere: what stands before that is said all the same.
  let best: Unpacked = all;
  for (let end = 32; end < bytes.length; end *= 2) {
    const part = upTo(end);
    if (part.kind === "not") break;
    best = part;
  }
  return best;
}

/** Most that is tried is short and no compression: room for sixteen kilobytes would cost more than the attempt. */
function chunkFor(bytes: Uint8Array): number {
  return Math.min(16_384, Math.max(1024, bytes.length * 4));
}

function isComplete(bytes: Uint8Array, most: number): boolean {
  return attempt(() => zlib.inflateRawSync(bytes, { maxOutputLength: most, ...INFO })).kind !== "not";
}

function attempt(run: () => unknown): Unpacked {
  // Most attempts fail, and taking down where costs more than failing.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    const { buffer, engine } = run() as Done;
    return buffer.length === 0 ? { kind: "not" } : { kind: "whole", bytes: buffer, consumed: engine.bytesWritten };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? { kind: "too-large" } : { kind: "not" };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
