// Bytes as letters, for patterns: only the letters that are the same wherever the bytes stand, so without the first and last that share bits with a
// neighbour. Each encoding is one alphabet and two numbers.

/** `bytes` of input become `letters` of output, most significant first. */
export interface Alphabet {
  readonly letters: string;
  /** Bytes of one group. */
  readonly bytes: number;
  /** Letters of one group. */
  readonly width: number;
}

/** RFC 4648 section 4; section 5 differs in two letters, which the decoders make these. */
export const BASE64: Alphabet = {
  letters: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
  bytes: 3,
  width: 4,
};
/** RFC 4648 sections 6 and 7, Crockford's, z-base-32. */
export const BASE32S: readonly Alphabet[] = [
  "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
  "0123456789ABCDEFGHIJKLMNOPQRSTUV",
  "0123456789ABCDEFGHJKMNPQRSTVWXYZ",
  "ybndrfg8ejkmcpqxot1uwisza345h769",
].map((all) => ({ letters: all, bytes: 5, width: 8 }));
/** uuencode. */
export const UU: Alphabet = {
  letters: "`!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_",
  bytes: 3,
  width: 4,
};
/** Adobe's and git's older kind. */
export const ascii85: Alphabet = {
  letters: "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstu",
  bytes: 4,
  width: 5,
};
/** RFC 1924, as git's binary patches and Python's `b85encode` write it. */
export const BASE85: Alphabet = {
  letters: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~",
  bytes: 4,
  width: 5,
};
/** ZeroMQ's. */
export const Z85: Alphabet = {
  letters: "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#",
  bytes: 4,
  width: 5,
};

/** The letters that the bytes become when `skip` bytes stand before them in their group. */
export function letters(value: Uint8Array, alphabet: Alphabet, skip: number): Uint8Array {
  const { bytes, width } = alphabet;
  const whole = new Uint8Array(Math.ceil((skip + value.length) / bytes) * bytes);
  whole.set(value, skip);
  const out = new Uint8Array((whole.length / bytes) * width);
  for (let group = 0; group * bytes < whole.length; group += 1) {
    // A group is at most forty bits, which a number holds exactly.
    let number = 0;
    for (let k = 0; k < bytes; k += 1) number = number * 256 + (whole[group * bytes + k] ?? 0);
    for (let k = width - 1; k >= 0; k -= 1) {
      out[group * width + k] = alphabet.letters.charCodeAt(number % alphabet.letters.length);
      number = Math.floor(number / alphabet.letters.length);
    }
  }
  const [first, last] = certain(alphabet, skip, value.length);
  return out.slice(first, last);
}

/** From which letter to which nothing but the value decides. Where letters are no whole bits (base 85), only whole groups are certain. */
function certain({ letters: all, bytes, width }: Alphabet, skip: number, length: number): readonly [number, number] {
  const isBits = (all.length & (all.length - 1)) === 0;
  if (isBits) {
    const bits = Math.log2(all.length);
    return [Math.ceil((skip * 8) / bits), Math.floor(((skip + length) * 8) / bits)];
  }
  return [Math.ceil(skip / bytes) * width, Math.floor((skip + length) / bytes) * width];
}

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The whole value as one number in bases that have no groups (58 as Bitcoin writes it, 62, 36, 10); none for what is too long to be written so. */
export function asNumbers(value: Uint8Array): readonly Uint8Array[] {
  if (value.length > 256) return [];
  let number = 0n;
  for (const byte of value) number = number * 256n + BigInt(byte);
  const written = [BASE58, BASE62].map((all) => digitsOf(number, all));
  for (const base of [36, 10]) written.push(number.toString(base));
  return written.map((text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
}

function digitsOf(number: bigint, all: string): string {
  const base = BigInt(all.length);
  let text = "";
  for (let left = number; left > 0n; left /= base) text = all.charAt(Number(left % base)) + text;
  return text;
}
