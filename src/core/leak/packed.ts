// Where compressed bytes begin inside others, whatever the header says: gzip, zlib (as in git's packs and PNGs), a ZIP's entry, Zstandard. Undoing them
// is an effect of others (node:zlib), handed in.

/** How something is compressed; the frames around deflate are skipped. */
export type Packing = "deflate" | "zstd" | "brotli";

/** What became of it. `cut`: it goes on behind the end of what is here. */
export type Unpacked =
  | { readonly kind: "whole" | "cut"; readonly bytes: Uint8Array; readonly consumed: number }
  | { readonly kind: "not" }
  | { readonly kind: "too-large" };

/** Undoes a compression that begins at the first byte; never more than `most` bytes of output. Total. */
export type Unpack = (bytes: Uint8Array, packing: Packing, most: number) => Unpacked;

/** A place where one may begin. */
export interface PackedAt {
  /** Of its mark. */
  readonly mark: number;
  /** Of its data. */
  readonly at: number;
  readonly packing: Packing;
}

/** The next one whose mark stands at `from` or later. */
export function nextPacked(bytes: Uint8Array, from: number): PackedAt | undefined {
  for (let mark = from; mark + 4 < bytes.length; mark += 1) {
    const at = dataAt(bytes, mark) ?? (mark === 0 && isSmallZlib(bytes) ? 2 : undefined);
    if (at !== undefined) return { mark, at, packing: at === mark ? "zstd" : "deflate" };
  }
  return undefined;
}

function dataAt(bytes: Uint8Array, mark: number): number | undefined {
  switch (bytes[mark]) {
    case 0x78:
      return isZlib(bytes, mark) ? mark + 2 : undefined;
    case 0x1f:
      return bytes[mark + 1] === 0x8b && bytes[mark + 2] === 8 ? gzipData(bytes, mark) : undefined;
    case 0x28:
      return bytes[mark + 1] === 0xb5 && bytes[mark + 2] === 0x2f && bytes[mark + 3] === 0xfd ? mark : undefined;
    case 0x50:
      return bytes[mark + 1] === 0x4b && bytes[mark + 2] === 3 && bytes[mark + 3] === 4
        ? zipData(bytes, mark)
        : undefined;
    default:
      return undefined;
  }
}

/** zlib with a smaller window: its mark says too little to be believed anywhere but at the beginning. */
function isSmallZlib(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes;
  return (method & 15) === 8 && method < 0x78 && (method * 256 + flags) % 31 === 0 && (flags & 0x20) === 0;
}

/** RFC 1952 section 2.3: a head of ten bytes, and what its flags announce. */
function gzipData(bytes: Uint8Array, mark: number): number | undefined {
  const flags = bytes[mark + 3] ?? 0;
  let at = mark + 10;
  if ((flags & 4) !== 0) at += 2 + (bytes[at] ?? 0) + ((bytes[at + 1] ?? 0) << 8);
  for (const text of [8, 16]) {
    if ((flags & text) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return at < bytes.length ? at : undefined;
}

/** RFC 1950: a window of 32 KiB, a check of two bytes, no dictionary; and text does not look like that for eight bytes. */
function isZlib(bytes: Uint8Array, at: number): boolean {
  const flags = bytes[at + 1] as number;
  if ((0x7800 + flags) % 31 !== 0 || (flags & 0x20) !== 0) return false;
  for (let k = at + 1; k < Math.min(at + 9, bytes.length); k += 1) {
    const byte = bytes[k] as number;
    if (byte >= 0x7f || (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13)) return true;
  }
  return false;
}

/** Where the deflated data of a ZIP's local entry begin; `undefined` when they are stored or not here. */
function zipData(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at + 8] !== 8 || bytes[at + 9] !== 0) return undefined;
  const short = (k: number): number => (bytes[at + k] ?? 0) | ((bytes[at + k + 1] ?? 0) << 8);
  const start = at + 30 + short(26) + short(28);
  return start < bytes.length ? start : undefined;
}
