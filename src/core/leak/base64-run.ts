// Base64 in any spelling (standard or URL-safe, padded or not, broken into lines), found by its letters alone and decoded at each of the four places
// where it may begin: what stands before it may be letters, too.

const BREAK = 64;
const OTHER = 255;

/** The value of each letter; line breaks are skipped. */
const VALUE: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x0a || byte === 0x0d) return BREAK;
  const letter = String.fromCharCode(byte);
  const at = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".indexOf(letter);
  if (at >= 0) return at;
  return letter === "-" ? 62 : letter === "_" ? 63 : OTHER;
});

/** Without a digit and with few capitals it is a word of somebody's. Fewer letters hold less than the shortest piece that is looked for. */
const LEAST = 12;

interface Run {
  readonly from: number;
  readonly to: number;
  readonly letters: number;
}

/** What the runs of base64 in the bytes mean: one view for each of the four beginnings, the runs one after the other. Each is made when it is asked for. */
export function* base64Views(bytes: Uint8Array): Generator<Uint8Array, void> {
  const runs = runsOf(bytes);
  if (runs.length === 0) return;
  const room = runs.reduce((sum, { letters }) => sum + letters + 1, 0);
  for (const phase of [0, 1, 2, 3]) {
    const out = new Uint8Array(room);
    let length = 0;
    for (const { from, to } of runs) {
      const end = decode(bytes, { from, to, phase }, out, length);
      // Compressed without a mark (raw deflate, brotli) looks like noise, too: one short run alone may be that.
      if ((runs.length > 1 || end > ALONE_MOST) && isNoise(out, length, end)) continue;
      length = end;
      out[length++] = 0x0a;
    }
    yield out.subarray(0, length);
  }
}

const ALONE_MOST = 2048;
/** Less may be anything. */
const NOISE_LEAST = 24;
/** So many printable bytes in a row are no chance; NULs among them are wide text. */
const TEXT_LEAST = 12;

/**
 * Three of the four beginnings give noise, and so does what is random itself. Nothing is lost with it: bytes that are a secret as they are were found in
 * the base64, and what has a further layer is text or begins with the mark of a compression.
 */
export function isNoise(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < NOISE_LEAST) return false;
  let text = 0;
  let before = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if ((byte >= 0x20 && byte < 0x7f) || byte === 0 || byte === 0x0a || byte === 0x0d) {
      text += 1;
      if (text >= TEXT_LEAST) return false;
    } else text = 0;
    if (isMark(before, byte)) return false;
    before = byte;
  }
  return true;
}

/** gzip, zlib, Zstandard, ZIP by its third byte because its mark is printable, and what is only known by its mark (packed.ts). */
const MARKS: ReadonlySet<number> = new Set([
  ...[0x789c, 0x78da, 0x7801, 0x785e, 0x1f8b, 0x28b5, 0x4b03],
  ...[0x425a, 0xfd37, 0x5d00, 0x377a, 0x4c5a, 0x0422, 0x6172],
]);

function isMark(before: number, byte: number): boolean {
  return MARKS.has((before << 8) | byte);
}

/** What the longest runs mean from their first letter on, where that is noise: it may be compressed without a mark. */
export function base64Starts(bytes: Uint8Array, most: number): readonly Uint8Array[] {
  return runsOf(bytes)
    .toSorted((a, b) => b.letters - a.letters)
    .slice(0, most)
    .map(({ from, to }) => base64Bytes(bytes.subarray(from, to), 0))
    .filter((start) => isNoise(start, 0, start.length));
}

/** The whole as base64 from letter `phase` on. */
export function base64Bytes(bytes: Uint8Array, phase: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  return out.slice(0, decode(bytes, { from: 0, to: bytes.length, phase }, out, 0));
}

function runsOf(bytes: Uint8Array): readonly Run[] {
  const runs: Run[] = [];
  let from = 0;
  let letters = 0;
  let capitals = 0;
  let others = 0;
  for (let at = 0; at <= bytes.length; at += 1) {
    const value = at < bytes.length ? (VALUE[bytes[at] as number] as number) : OTHER;
    if (value < BREAK) {
      if (letters === 0) {
        from = at;
        capitals = 0;
        others = 0;
      }
      letters += 1;
      if (value < 26) capitals += 1;
      else if (value >= 52) others += 1;
    } else if (value === OTHER) {
      if (letters >= LEAST && (others > 0 || capitals >= 3)) runs.push({ from, to: at, letters });
      letters = 0;
    }
  }
  return runs;
}

function decode(
  bytes: Uint8Array,
  { from, to, phase }: { readonly from: number; readonly to: number; readonly phase: number },
  out: Uint8Array,
  start: number,
): number {
  let length = start;
  let skip = phase;
  let bits = 0;
  let held = 0;
  for (let at = from; at < to; at += 1) {
    const value = VALUE[bytes[at] as number] as number;
    if (value >= BREAK) continue;
    if (skip > 0) {
      skip -= 1;
      continue;
    }
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[length++] = bits >>> held;
    }
  }
  return length;
}
