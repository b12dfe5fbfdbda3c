// Hexadecimal in any spelling: either case, with `:`, `-`, spaces or line breaks between, each byte with `\x` or `0x`.

const OTHER = 255;
const BETWEEN = 64;
const X = 65;

const VALUE: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte);
  const at = "0123456789abcdef".indexOf(letter.toLowerCase());
  if (at >= 0) return at;
  if (letter === "x" || letter === "X") return X;
  return " \t\r\n:-,.;_\\%/|".includes(letter) ? BETWEEN : OTHER;
});

/** Fewer digits hold less than the shortest piece that is looked for. */
const LEAST = 16;
const BETWEEN_MOST = 4;

/** What the runs of hex digits mean, begun at the first and at the second digit: two views, or none. */
export function hexViews(bytes: Uint8Array): readonly Uint8Array[] {
  const digits = new Uint8Array(bytes.length + 1);
  let length = 0;
  let from = 0;
  let between = 0;
  for (let at = 0; at <= bytes.length; at += 1) {
    const value = at < bytes.length ? (VALUE[bytes[at] as number] as number) : OTHER;
    if (value < 16) {
      between = 0;
      // The nought of `0x` is no digit.
      if (value === 0 && VALUE[bytes[at + 1] ?? 0] === X && (VALUE[bytes[at + 2] ?? 0] ?? OTHER) < 16) continue;
      digits[length++] = value;
    } else if (value === OTHER || ++between > BETWEEN_MOST || (value === X && !isPrefix(bytes, at))) {
      if (length - from < LEAST) length = from;
      else digits[length++] = OTHER;
      from = length;
      between = 0;
    }
  }
  return length === 0 ? [] : [pairs(digits.subarray(0, length), 0), pairs(digits.subarray(0, length), 1)];
}

/** The whole as hex. */
export function hexBytes(text: Uint8Array): Uint8Array {
  return pairs(
    text.map((byte) => VALUE[byte] ?? OTHER),
    0,
  );
}

function isPrefix(bytes: Uint8Array, at: number): boolean {
  return bytes[at - 1] === 0x30 || bytes[at - 1] === 0x5c;
}

/** Digits two by two; each run begins anew, `phase` digits late. */
function pairs(digits: Uint8Array, phase: number): Uint8Array {
  const out = new Uint8Array(digits.length);
  let length = 0;
  let skip = phase;
  let high = -1;
  for (const digit of digits) {
    if (digit === OTHER) {
      out[length++] = 0x0a;
      skip = phase;
      high = -1;
    } else if (skip > 0) skip -= 1;
    else if (high < 0) high = digit;
    else {
      out[length++] = (high << 4) | digit;
      high = -1;
    }
  }
  return out.slice(0, length);
}
