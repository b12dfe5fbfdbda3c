// What git's index says, without what it remembers of the disk (gitformat-index(5), versions 2 to 4): a `git status` rewrites times and
// inode numbers, and that is no change of anybody's work. Pure.

const SIGNATURE = 0x44495243; // DIRC
const FIXED = 62;
const EXTENDED = 0x4000;
const HASH = 20;

/**
 * The entries as one text: mode, object, flags and name of each, NUL between. `undefined` for anything that is not exactly such a file, and for an index
 * that is split or of another hash: then only its bytes can be compared.
 */
export function indexMeaning(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 + HASH || view.getUint32(0) !== SIGNATURE) return undefined;
  const version = view.getUint32(4);
  if (version < 2 || version > 4) return undefined;
  const lines: string[] = [];
  let at = 12;
  let name = "";
  for (let left = view.getUint32(8); left > 0; left -= 1) {
    if (at + FIXED > bytes.length - HASH) return undefined;
    const flags = view.getUint16(at + 60);
    const isExtended = (flags & EXTENDED) !== 0;
    if (isExtended && version < 3) return undefined;
    const more = isExtended ? view.getUint16(at + 62) : 0;
    const start = at + FIXED + (isExtended ? 2 : 0);
    const read = version === 4 ? prefixed(bytes, start, name) : plain(bytes, start);
    if (read === undefined) return undefined;
    name = read.name;
    const object = hex(bytes, at + 40, at + 40 + HASH);
    lines.push(`${view.getUint32(at + 24).toString(8)} ${object} ${flags & ~0xfff} ${more} ${name}`);
    // Before version 4 an entry is padded with 1 to 8 NUL to a multiple of eight.
    at = version === 4 ? read.end + 1 : at + (((read.end - at) >> 3) + 1) * 8;
  }
  return hasLink(bytes, view, at) ? undefined : lines.join("\0");
}

interface Read {
  readonly name: string;
  /** Of its closing NUL. */
  readonly end: number;
}

function plain(bytes: Uint8Array, start: number): Read | undefined {
  const end = bytes.indexOf(0, start);
  return end < 0 ? undefined : { name: latin1(bytes, start, end), end };
}

/** Version 4: how much of the name before is dropped (a number as in pack offsets), and what follows it. */
function prefixed(bytes: Uint8Array, start: number, before: string): Read | undefined {
  let at = start;
  let drop = 0;
  for (let byte = 0x80, first = true; byte >= 0x80; first = false) {
    byte = bytes[at++] ?? 0;
    drop = (first ? 0 : (drop + 1) * 128) + (byte & 0x7f);
    if (drop > before.length) return undefined;
  }
  const rest = plain(bytes, at);
  return rest === undefined ? undefined : { name: before.slice(0, before.length - drop) + rest.name, end: rest.end };
}

/** An extension in lower case must be understood (`link`: another file holds the rest). */
function hasLink(bytes: Uint8Array, view: DataView, from: number): boolean {
  for (let at = from; at + 8 <= bytes.length - HASH; at += 8 + view.getUint32(at + 4)) {
    const first = bytes[at] ?? 0;
    if (first >= 0x61 && first <= 0x7a) return true;
  }
  return false;
}

function hex(bytes: Uint8Array, from: number, to: number): string {
  return [...bytes.subarray(from, to)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at += 1) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}
