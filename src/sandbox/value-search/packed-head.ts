// What stands before the compressed bytes of a gzip member (RFC 1952) and of an entry of a zip archive (APPNOTE.TXT 4.3.7).

/** No head is longer, but one that nobody writes. */
export const ENTRY_HEAD: number = 70_000;

type Head = { readonly begin: number } | { readonly unread: string };

/** Where its bytes begin; `undefined` where none is. */
export function gzipMember(head: Buffer): Head | undefined {
  const flags = head[3] ?? 0;
  let begin = 10;
  if (head.length < begin) return undefined;
  if ((flags & 4) !== 0) begin += 2 + (head.length < 12 ? 0 : head.readUInt16LE(10));
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const end = head.indexOf(0, begin);
    if (end < 0) return undefined;
    begin = end + 1;
  }
  if ((flags & 2) !== 0) begin += 2;
  return { begin };
}

/** The same of an entry. What is stored as it is was seen where it stands. */
export function zipEntry(head: Buffer): Head | undefined {
  if (head.length < 30) return undefined;
  const [flags, method] = [head.readUInt16LE(6), head.readUInt16LE(8)];
  const begin = 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
  if (method === 0 || method > 99) return undefined;
  if ((flags & 1) !== 0) return { unread: "an encrypted entry of a zip archive" };
  return method === 8 ? { begin } : { unread: `method ${method} of a zip archive` };
}
