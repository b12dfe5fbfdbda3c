// Where compressed bytes begin inside others, whatever the header says: gzip, zlib (as in git's packs and PNGs), a ZIP's entry, Zstandard. Undoing them
// is an effect of others (node:zlib), handed in. What nobody undoes here is known by its mark all the same, or it would pass unread.

/** How something is compressed; the frames around deflate are skipped. */
export type Packing = "deflate" | "zstd" | "brotli" | "opaque";

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
    if (isOpaque(bytes, mark)) return { mark, at: mark, packing: "opaque" };
    const at = dataAt(bytes, mark) ?? (mark === 0 && isSmallZlib(bytes) ? 2 : undefined);
    if (at !== undefined) return { mark, at, packing: at === mark ? "zstd" : "deflate" };
  }
  return undefined;
}

// bzip2, xz, LZMA alone with the size unknown, 7-Zip, lzip, LZ4, RAR: so long that chance does not make them. -1 is any byte.
const OPAQUE: readonly (readonly number[])[] = [
  [0x42, 0x5a, 0x68, -1, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00],
  [0x5d, 0x00, 0x00, -1, -1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0x00],
  [0x4c, 0x5a, 0x49, 0x50, 0x01],
  // LZ4's says the size of its blocks, too: one of four.
  ...[0x40, 0x50, 0x60, 0x70].map((size) => [0x04, 0x22, 0x4d, 0x18, -1, size]),
  [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07],
];
const OPAQUE_FIRST: Uint8Array = new Uint8Array(256);
for (const [first = 0] of OPAQUE) OPAQUE_FIRST[first] = 1;

/** So many bytes at least, and not all of them text: a program that knows the marks names them one after the other, and packs nothing. */
const OPAQUE_LEAST = 40;

/** Compressed or locked in a way that is not undone here: other archives, and entries of a ZIP that are. */
function isOpaque(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at] as number;
  if (first !== 0x50 && OPAQUE_FIRST[first] === 0) return false;
  const isMarked =
    isLockedEntry(bytes, at) || OPAQUE.some((mark) => mark.every((byte, k) => byte < 0 || byte === bytes[at + k]));
  if (!isMarked || at + OPAQUE_LEAST > bytes.length) return false;
  return bytes.subarray(at + OPAQUE_LEAST / 2, at + OPAQUE_LEAST).some((byte) => byte > 0x7e);
}

/** A ZIP's local entry that is encrypted, or packed by another method than deflate; the version that it needs says that it is one. */
function isLockedEntry(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x50 || bytes[at + 1] !== 0x4b || bytes[at + 2] !== 3 || bytes[at + 3] !== 4) return false;
  const [version = 0, high, flags = 0, , method = 0, methodHigh] = bytes.subarray(at + 4, at + 10);
  if (version < 10 || version > 63 || high === undefined || methodHigh !== 0) return false;
  return (flags & 1) !== 0 || (method !== 0 && method !== 8);
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
