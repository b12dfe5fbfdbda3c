// Base32 as RFC 4648 writes it, in either alphabet (sections 6 and 7) and either case: what a name to be looked up can carry, so what is packed leaves that
// way. The letters are found by themselves and decoded at each of the eight places where a group may begin.
import { isNoise } from "./base64-run.ts";

const OTHER = 255;

const ALPHABETS: readonly Uint8Array[] = ["ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHIJKLMNOPQRSTUV"].map(
  (letters) =>
    Uint8Array.from({ length: 256 }, (_, byte) => {
      const at = letters.indexOf(String.fromCharCode(byte).toUpperCase());
      return at < 0 ? OTHER : at;
    }),
);

/** Fewer letters hold less than the shortest thing that has a further layer. */
const LEAST = 20;
const PHASES = 8;
/** From here on a letter is no hex digit: without any, a run is hex, and half of base32's letters are none. */
const BEYOND_HEX = 0x67;

/** What the runs of base32 in the bytes mean, without what is noise: a view for each alphabet, or none. */
export function base32Views(bytes: Uint8Array): readonly Uint8Array[] {
  const runs = runsOf(bytes);
  return runs.length === 0 ? [] : ALPHABETS.map((values) => view(runs, values)).filter(({ length }) => length > 0);
}

function view(runs: readonly Uint8Array[], values: Uint8Array): Uint8Array {
  const out: Uint8Array[] = [];
  for (const run of runs) {
    for (let phase = 0; phase < PHASES; phase += 1) {
      const meant = decode(run, values, phase);
      if (!isNoise(meant, 0, meant.length)) out.push(meant);
    }
  }
  const whole = new Uint8Array(out.reduce((sum, { length }) => sum + length + 1, 0));
  let at = 0;
  for (const each of out) {
    whole.set(each, at);
    at += each.length;
    whole[at++] = 0x0a;
  }
  return whole;
}

const BREAK_KIND = 8;

/** Of each byte: 1 a digit, 2 a capital, 4 a small letter, 8 a line break; 16 more for a letter beyond hex. */
const KIND: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x0a || byte === 0x0d) return BREAK_KIND;
  const letter = String.fromCharCode(byte);
  if (/[0-9]/.test(letter)) return 1;
  const beyond = (byte | 0x20) >= BEYOND_HEX ? 16 : 0;
  return /[A-Z]/.test(letter) ? 2 | beyond : /[a-z]/.test(letter) ? 4 | beyond : 0;
});

/** Letters and digits in one case, with some of each. */
function runsOf(bytes: Uint8Array): readonly Uint8Array[] {
  const runs: Uint8Array[] = [];
  let from = 0;
  let seen = 0;
  for (let at = 0; at <= bytes.length; at += 1) {
    const kind = at < bytes.length ? (KIND[bytes[at] as number] as number) : 0;
    const now = seen | kind;
    if (kind !== 0 && (now & 6) !== 6) {
      seen = now;
      continue;
    }
    if (at - from >= LEAST && (seen & 17) === 17) runs.push(bytes.subarray(from, at));
    seen = kind;
    from = kind === 0 ? at + 1 : at;
  }
  return runs;
}

function decode(letters: Uint8Array, values: Uint8Array, phase: number): Uint8Array {
  const out = new Uint8Array(letters.length);
  let length = 0;
  let skip = phase;
  let bits = 0;
  let held = 0;
  for (const letter of letters) {
    const value = values[letter] as number;
    if (value === OTHER) continue; // a line's end, or a letter of the other alphabet's
    if (skip > 0) {
      skip -= 1;
      continue;
    }
    bits = ((bits << 5) | value) & 0xffff;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    out[length++] = bits >>> held;
  }
  return out.subarray(0, length);
}
