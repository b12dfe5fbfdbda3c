// Which files hold something compressed, by their first bytes: what can be read here, and what cannot.

/** What can be read here. */
export type PackedKind = "gzip" | "zlib" | "brotli" | "zip" | "git-pack";

/** By the first bytes; of Brotli, which has none, by the name. `unread`: the name of a format that nothing here reads. */
export function packedKind(
  head: Buffer,
  path = "",
): { readonly kind: PackedKind } | { readonly unread: string } | undefined {
  const [first = 0, second = 0, third = 0] = head;
  if (first === 0x1f && second === 0x8b && third === 8) return { kind: "gzip" };
  if (startsWith(head, "PK\x03\x04")) return { kind: "zip" };
  if (startsWith(head, "PACK\0\0\0")) return { kind: "git-pack" };
  // RFC 1950: deflate, a window of at most 32 KiB, a checksum, no dictionary. Texts that begin so end at once.
  if ((first & 0x8f) === 8 && (first * 256 + second) % 31 === 0 && (second & 0x20) === 0) return { kind: "zlib" };
  if (path.endsWith(".br")) return { kind: "brotli" };
  const unread = UNREAD.find(([, marks]) => marks.some((mark) => startsWith(head, mark)))?.[0];
  return unread === undefined ? undefined : { unread };
}

const UNREAD: readonly (readonly [name: string, marks: readonly string[]])[] = [
  ["xz", ["\xfd7zXZ\0"]],
  ["lzma", ["]\0\0\x80\0", "]\0\0\0\x01", "]\0\0\0\x04", "]\0\0\0\x02", "LZIP\x01"]],
  ["zstd", ["\x28\xb5\x2f\xfd"]],
  ["bzip2", [..."123456789"].map((level) => `BZh${level}1AY&SY`)],
  ["lz4", ["\x04\x22\x4d\x18"]],
  ["compress", ["\x1f\x9d\x90"]],
  ["7z", ["7z\xbc\xaf\x27\x1c"]],
  ["rar", ["Rar!\x1a\x07"]],
];

function startsWith(head: Buffer, mark: string): boolean {
  return head.toString("latin1", 0, mark.length) === mark;
}
