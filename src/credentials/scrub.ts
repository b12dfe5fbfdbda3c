// An answer may echo what it was asked with: the real value, escaped in any way, in Base64 or in hexadecimal, becomes its placeholder again before it is
// handed inside. Streams: only bytes that may be the start of a value wait for the next piece.
import type { Body } from "./exchange.ts";
import { escaped, exact, hexadecimal, type Spelling, wrapped } from "./spelling.ts";

/** A value and what stands for it. */
export interface Pair {
  readonly real: string;
  readonly placeholder: string;
}

/** Finds values and puts placeholders there. */
export interface Scrubber {
  /** True when no replacement changes a length. */
  readonly keepsLength: boolean;
  text(text: string): string;
  body(): Body;
  /** True when one of the values stands in the bytes, in any of its forms. */
  finds(bytes: Buffer): boolean;
}

/** Shorter ones stand by chance in other texts. */
const SHORTEST = 6;

interface Needle {
  readonly letters: Buffer;
  readonly spelling: Spelling;
  /** The letters to put there: as many, but where the spelling is exact. */
  readonly instead: Buffer;
}

interface Found {
  readonly length: number;
  readonly needle: Needle;
}

/** A scrubber of these values. `forms`: which of them; all, where nothing is said. */
export function scrubberOf(pairs: readonly Pair[], forms: "all" | "as-sent" = "all"): Scrubber {
  const needles = pairs.flatMap(({ placeholder, real }) => needlesOf(real, placeholder, forms));
  const index = new NeedleIndex(needles);
  const replace = (bytes: Buffer): Buffer => Buffer.concat(index.pass(bytes, true).out);
  return {
    keepsLength: needles.every(({ letters, instead }) => letters.length === instead.length),
    text: (text) => replace(Buffer.from(text, "latin1")).toString("latin1"),
    body: () => bodyOf(index, needles),
    finds: (bytes) => index.pass(bytes, true).found,
  };
}

function bodyOf(index: NeedleIndex, needles: readonly Needle[]): Body {
  let kept: Buffer = Buffer.alloc(0);
  const rest = (): readonly Buffer[] => {
    const { out } = index.pass(kept, true);
    kept = Buffer.alloc(0);
    return out;
  };
  return {
    keepsLength: needles.every(({ letters, instead }) => letters.length === instead.length),
    take: (piece) => {
      const { out, kept: left } = index.pass(kept.length === 0 ? piece : Buffer.concat([kept, piece]), false);
      kept = left;
      return out;
    },
    end: rest,
    flush: rest,
  };
}

/** Needles by their first two bytes: one look at each byte of a stream, whatever their number. */
class NeedleIndex {
  private readonly byStart = new Map<number, Needle[]>();
  private readonly starts = new Uint8Array(65_536);
  private readonly first = new Uint8Array(256);

  constructor(needles: readonly Needle[]) {
    for (const needle of needles) {
      const pairs = needle.spelling.starts(needle.letters[0] ?? 0, needle.letters[1] ?? 0);
      for (const start of new Set(pairs.map(([one, two]) => (one << 8) | two))) {
        this.starts[start] = 1;
        this.first[start >> 8] = 1;
        this.byStart.set(start, [...(this.byStart.get(start) ?? []), needle]);
      }
    }
  }

  /** The bytes with every needle replaced; `kept` may be the start of one. `last`: nothing more comes. */
  pass(bytes: Buffer, last: boolean): { readonly out: Buffer[]; readonly kept: Buffer; readonly found: boolean } {
    const out: Buffer[] = [];
    const { starts } = this;
    const pairs = bytes.length - 1;
    let from = 0;
    let at = 0;
    let start = bytes[0] ?? 0;
    let isFound = false;
    for (; at < pairs; at += 1) {
      start = ((start << 8) | (bytes[at + 1] ?? 0)) & 0xffff;
      if (starts[start] === 0) continue;
      const found = this.at(bytes, at, { start, last });
      if (found === "maybe") break;
      if (found === undefined) continue;
      if (at > from) out.push(bytes.subarray(from, at));
      out.push(...written(found.needle, bytes.subarray(at, at + found.length)));
      isFound = true;
      from = at + found.length;
      at = from - 1;
      start = bytes[from] ?? 0;
    }
    // The very last byte has no second one to look at.
    const isOpen = !last && at < bytes.length && (at + 1 < bytes.length || this.first[bytes[at] ?? 0] === 1);
    const end = isOpen ? at : bytes.length;
    if (end > from) out.push(bytes.subarray(from, end));
    // A copy: the piece it came from is the sender's to use again.
    return { out, kept: Buffer.from(bytes.subarray(Math.max(end, from))), found: isFound };
  }

  /** The longest needle here; `maybe` when more bytes come, and those that are here agree with the start of one. */
  private at(
    bytes: Buffer,
    at: number,
    { last, start }: { last: boolean; start: number },
  ): Found | "maybe" | undefined {
    let best: Found | undefined;
    for (const needle of this.byStart.get(start) ?? []) {
      const length = lengthOf(needle, bytes, at);
      if (length === undefined && !last) return "maybe";
      if (length !== undefined && length > (best?.length ?? 0)) best = { length, needle };
    }
    return best;
  }
}

/** How long the needle is here; 0 where it is not, `undefined` where the bytes end within it. */
function lengthOf(needle: Needle, bytes: Buffer, from: number): number | undefined {
  let at = from;
  for (let number = 0; number < needle.letters.length; number += 1) {
    const next = letterAt(needle, number, bytes, at);
    if (next === undefined || next.size === 0) return next?.size;
    at = next.at + next.size;
  }
  return at - from;
}

/** Where the next letter begins, behind what may part it from the one before, and how long it is. */
function letterAt(
  { letters, spelling }: Needle,
  number: number,
  bytes: Buffer,
  at: number,
): { readonly at: number; readonly size: number } | undefined {
  const letter = letters[number] ?? 0;
  if (at >= bytes.length) return undefined;
  const size = spelling.read(bytes, at, letter);
  if (size !== 0 || number === 0) return size === undefined ? undefined : { at, size };
  const gap = spelling.gap(bytes, at);
  if (gap === undefined || at + gap >= bytes.length) return undefined;
  const behind = at + gap;
  const late = behind === at ? 0 : spelling.read(bytes, behind, letter);
  return late === undefined ? undefined : { at: behind, size: late };
}

/** The letters instead, each as the one in its place was written. */
function written(needle: Needle, bytes: Buffer): readonly Buffer[] {
  if (needle.spelling === exact) return [needle.instead];
  const out: Buffer[] = [];
  let from = 0;
  for (const [number, letter] of needle.instead.entries()) {
    const { at, size } = letterAt(needle, number, bytes, from) ?? { at: from, size: 0 };
    out.push(bytes.subarray(from, at), needle.spelling.write(bytes.subarray(at, at + size), letter));
    from = at + size;
  }
  return out;
}

/** Every form of a value, each with the same form of its placeholder. */
function needlesOf(real: string, placeholder: string, wanted: "all" | "as-sent"): readonly Needle[] {
  type Form = readonly [spelling: Spelling, letters: Buffer, instead: Buffer];
  const [own, other] = [Buffer.from(real, "latin1"), Buffer.from(placeholder, "latin1")];
  const forms: readonly Form[] =
    wanted === "as-sent"
      ? [
          [exact, own, other],
          [exact, Buffer.from(encodeURIComponent(real)), Buffer.from(encodeURIComponent(placeholder))],
        ]
      : [
          [escaped, own, other],
          [hexadecimal, own, other],
          [exact, wide(real), wide(placeholder)],
          ...[0, 1, 2].flatMap((before) =>
            (["base64", "base64url"] as const).map(
              (alphabet): Form => [wrapped, base64Core(own, before, alphabet), base64Core(other, before, alphabet)],
            ),
          ),
        ];
  return forms
    .filter(
      ([spelling, letters], at) =>
        letters.length >= SHORTEST && forms.findIndex(([one, same]) => one === spelling && same.equals(letters)) === at,
    )
    .map(([spelling, letters, instead]) => ({ spelling, letters, instead }));
}

/** The letters of Base64 that the value alone decides, when so many bytes stand before it in its group of three. */
function base64Core(text: Buffer, before: number, alphabet: "base64" | "base64url"): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(before), text]);
  return Buffer.from(
    bytes.toString(alphabet).slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)),
    "latin1",
  );
}

/** UTF-16, of either order: without the last byte, which is another one's in one of them. */
function wide(text: string): Buffer {
  return Buffer.from(text, "utf16le").subarray(0, -1);
}
