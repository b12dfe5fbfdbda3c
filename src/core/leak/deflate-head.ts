// The beginning of a deflate stream (RFC 1951 section 3.2.3): nine of ten places where none begins are told by its first bits, without an engine that
// undoes it. It excludes only what zlib refuses before it has made a byte.

/** Lengths of the code that the other codes are written in. */
const LENGTHS_LEAST = 4;
/** Where these bits begin in a dynamic block. */
const LENGTHS_AT = 17;
/** What codes of seven bits can say in all. */
const FULL = 1 << 7;

/** False for what is no deflate stream. What is too short to tell may be one. */
export function mayInflate(bytes: Uint8Array): boolean {
  const [first] = bytes;
  if (first === undefined) return false;
  switch ((first >>> 1) & 3) {
    case 0:
      // Stored: a length, and the same with every bit turned.
      return bytes.length < 5 || bits(bytes, 8, 16) === (bits(bytes, 24, 16) ^ 0xffff);
    case 1:
      return true; // the fixed code says nothing about itself
    case 2:
      return mayBeDynamic(bytes);
    default:
      return false;
  }
}

/** zlib takes 286 and 30 symbols at most, and a complete code of their lengths. */
function mayBeDynamic(bytes: Uint8Array): boolean {
  if (bytes.length * 8 < LENGTHS_AT) return true;
  if (bits(bytes, 3, 5) > 29 || bits(bytes, 8, 5) > 29) return false;
  const count = bits(bytes, 13, 4) + LENGTHS_LEAST;
  if (bytes.length * 8 < LENGTHS_AT + count * 3) return true;
  let said = 0;
  for (let at = 0; at < count; at += 1) {
    const length = bits(bytes, LENGTHS_AT + at * 3, 3);
    if (length > 0) said += FULL >>> length;
  }
  return said === FULL;
}

/** Some bits from a place on, the lowest first. */
function bits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let bit = 0; bit < count; bit += 1) {
    const place = at + bit;
    value |= (((bytes[place >>> 3] ?? 0) >>> (place & 7)) & 1) << bit;
  }
  return value;
}
