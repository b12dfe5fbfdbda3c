// What a form, a query, a JSON text, a list or XML says, without how it says it: values one after the other, names, tags, quotes, commas and spaces left out. A
// value that was cut into fields, or into the parts of a multipart body, stands in one piece again.

/** Longer is no name of a field: nothing may be lost by an `=` behind it. */
const NAME_MOST = 64;

/** The values one after the other, and the names. */
export interface Glued {
  readonly values: Uint8Array;
  readonly names: Uint8Array;
}

/** Takes them apart. */
export function glued(bytes: Uint8Array): Glued {
  const out = new Uint8Array(bytes.length);
  const names = new Uint8Array(bytes.length);
  let length = 0;
  let named = 0;
  const drop = (from: number): void => {
    names.set(out.subarray(from, length), named);
    named += length - from;
    length = from;
  };
  /** Where the name begins that an `=` would end; none within a value. */
  let name = 0;
  /** Where the quoted text begins that a `:` would make a name. */
  let quoted = -1;
  let isClosed = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    switch (byte) {
      case 0x26: // &
      case 0x3b: // ;
      case 0x3f: // ?
        name = length;
        continue;
      case 0x3d: // =
        if (isPadding(bytes, at)) continue;
        if (name >= 0 && length - name <= NAME_MOST) drop(name);
        name = -1;
        continue;
      case 0x22: // "
        isClosed = quoted >= 0 && !isClosed;
        if (!isClosed) quoted = length;
        continue;
      case 0x3a: // :
        if (isClosed && quoted >= 0 && length - quoted <= NAME_MOST) drop(quoted);
        else out[length++] = byte;
        quoted = -1;
        isClosed = false;
        continue;
      case 0x3c: {
        const end = tagEnd(bytes, at);
        if (end < 0) out[length++] = byte;
        else at = end;
        continue;
      }
      case 0x0a:
      case 0x0d:
        name = length;
        if (isPartHead(bytes, at + 1)) at = lineEnd(bytes, at + 1) - 1; // the break behind it begins the next line
        continue;
      case 0x09:
      case 0x20:
      case 0x27:
      case 0x2c:
      case 0x5b:
      case 0x5d:
      case 0x7b:
      case 0x7d:
        continue;
      default:
        out[length++] = byte;
    }
  }
  return { values: out.subarray(0, length), names: names.subarray(0, named) };
}

/** The end of base64 in a quoted value, and of no name. */
function isPadding(bytes: Uint8Array, at: number): boolean {
  const end = bytes[at + 1] === 0x3d ? at + 2 : at + 1;
  const next = bytes[end + 1];
  return bytes[end] === 0x22 && (next === 0x2c || next === 0x5d || next === 0x7d);
}

/** Where the tag ends that begins here: of XML or HTML, and not a sign of somebody's; -1 where none does. */
function tagEnd(bytes: Uint8Array, at: number): number {
  const next = bytes[at + 1] ?? 0;
  const isTag = next === 0x2f || ((next | 0x20) >= 0x61 && (next | 0x20) <= 0x7a);
  const end = isTag ? bytes.subarray(at, at + TAG_MOST).indexOf(0x3e) : -1;
  return end < 0 ? -1 : at + end;
}

const TAG_MOST = 128;

/** A boundary or a field of a part's head (RFC 7578). */
function isPartHead(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === 0x2d && bytes[at + 1] === 0x2d) return true;
  for (let k = 0; k < CONTENT.length; k += 1) if (((bytes[at + k] ?? 0) | 0x20) !== CONTENT.charCodeAt(k)) return false;
  return true;
}

const CONTENT = "content-";

function lineEnd(bytes: Uint8Array, at: number): number {
  const end = bytes.indexOf(0x0a, at);
  return end < 0 ? bytes.length : end;
}

/** What stands behind the heads of a multipart body's first parts and is no text. */
export function partsOf(bytes: Uint8Array, most: number): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  if (bytes[0] !== 0x2d || bytes[1] !== 0x2d) return parts;
  for (let at = bytes.indexOf(0x0d); at >= 0 && parts.length < most; at = bytes.indexOf(0x0d, at + 1)) {
    if (bytes[at + 1] !== 0x0a || bytes[at + 2] !== 0x0d || bytes[at + 3] !== 0x0a) continue;
    const isText = bytes.subarray(at + 4, at + 20).every((byte) => byte >= 9 && byte <= 0x7e);
    // The end is looked for a few times only: it may be far.
    if (!isText) parts.push(bytes.subarray(at + 4, partEnd(bytes, at + 4)));
  }
  return parts;
}

/** Where a line break and a boundary follow. */
function partEnd(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0x0d, from); at >= 0; at = bytes.indexOf(0x0d, at + 1))
    if (bytes[at + 1] === 0x0a && bytes[at + 2] === 0x2d && bytes[at + 3] === 0x2d) return at;
  return bytes.length;
}
