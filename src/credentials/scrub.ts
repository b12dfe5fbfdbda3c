// An answer may echo what it was asked with: the real value, also percent-encoded, in Base64 or in hexadecimal, becomes its placeholder again before
// it is handed inside. Streams: only bytes that may be the start of a value wait for the next piece.
import type { Body } from "./exchange.ts";

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

interface Needle {
  readonly bytes: Buffer;
  readonly instead: Buffer;
}

/** A scrubber of these values. `forms`: which of them; all, where nothing is said. */
export function scrubberOf(pairs: readonly Pair[], forms: "all" | "as-sent" = "all"): Scrubber {
  const needles = pairs.flatMap(({ placeholder, real }) => needlesOf(real, placeholder, forms));
  const index = new NeedleIndex(needles);
  const replace = (bytes: Buffer): Buffer => Buffer.concat(index.pass(bytes, true).out);
  return {
    keepsLength: needles.every(({ bytes, instead }) => bytes.length === instead.length),
    text: (text) => replace(Buffer.from(text, "latin1")).toString("latin1"),
    body: () => bodyOf(index, needles),
    finds: (bytes) => needles.some((needle) => bytes.includes(needle.bytes)),
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
    keepsLength: needles.every(({ bytes, instead }) => bytes.length === instead.length),
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
      const start = needle.bytes.readUInt16BE(0);
      this.starts[start] = 1;
      this.first[start >> 8] = 1;
      this.byStart.set(start, [...(this.byStart.get(start) ?? []), needle]);
    }
  }

  /** The bytes with every needle replaced; `kept` may be the start of one. `last`: nothing more comes. */
  pass(bytes: Buffer, last: boolean): { readonly out: Buffer[]; readonly kept: Buffer } {
    const out: Buffer[] = [];
    const { starts } = this;
    const pairs = bytes.length - 1;
    let from = 0;
    let at = 0;
    let start = bytes[0] ?? 0;
    for (; at < pairs; at += 1) {
      start = ((start << 8) | (bytes[at + 1] ?? 0)) & 0xffff;
      if (starts[start] === 0) continue;
      const found = this.at(bytes, at, { start, last });
      if (found === "maybe") break;
      if (found === undefined) continue;
      if (at > from) out.push(bytes.subarray(from, at));
      out.push(found.instead);
      from = at + found.bytes.length;
      at = from - 1;
      start = bytes[from] ?? 0;
    }
    // The very last byte has no second one to look at.
    const isOpen = !last && at < bytes.length && (at + 1 < bytes.length || this.first[bytes[at] ?? 0] === 1);
    const end = isOpen ? at : bytes.length;
    if (end > from) out.push(bytes.subarray(from, end));
    // A copy: the piece it came from is the sender's to use again.
    return { out, kept: Buffer.from(bytes.subarray(Math.max(end, from))) };
  }

  /** The longest needle here; `maybe` when more bytes come, and those that are here agree with the start of one. */
  private at(
    bytes: Buffer,
    at: number,
    { last, start }: { last: boolean; start: number },
  ): Needle | "maybe" | undefined {
    let best: Needle | undefined;
    for (const needle of this.byStart.get(start) ?? []) {
      const part = bytes.subarray(at, at + needle.bytes.length);
      if (part.length < needle.bytes.length) {
        if (!last && needle.bytes.subarray(0, part.length).equals(part)) return "maybe";
      } else if (part.equals(needle.bytes) && needle.bytes.length > (best?.bytes.length ?? 0)) best = needle;
    }
    return best;
  }
}

/** Every form of a value, each with the same form of its placeholder. */
function needlesOf(real: string, placeholder: string, wanted: "all" | "as-sent"): readonly Needle[] {
  const sent: (readonly [string, string])[] = [
    [real, placeholder],
    [encodeURIComponent(real), encodeURIComponent(placeholder)],
  ];
  const disguised: (readonly [string, string])[] = [
    [lowerEscapes(encodeURIComponent(real)), lowerEscapes(encodeURIComponent(placeholder))],
    [JSON.stringify(real).slice(1, -1).replaceAll("/", "\\/"), placeholder],
    ...[false, true].map((upper) => [unicodeOf(real, upper), unicodeOf(placeholder, upper)] as const),
    ...[false, true].map((upper) => [hexOf(real, upper), hexOf(placeholder, upper)] as const),
    ...[0, 1, 2].flatMap((before) =>
      (["base64", "base64url"] as const).map(
        (alphabet) => [base64Core(real, before, alphabet), base64Core(placeholder, before, alphabet)] as const,
      ),
    ),
  ];
  const seen = new Set<string>();
  return [...sent, ...(wanted === "all" ? disguised : [])].flatMap(([form, instead]) => {
    if (form.length < 6 || seen.has(form)) return [];
    seen.add(form);
    return [{ bytes: Buffer.from(form, "latin1"), instead: Buffer.from(instead, "latin1") }];
  });
}

/** The letters of Base64 that the value alone decides, when so many bytes stand before it in its group of three. */
function base64Core(text: string, before: number, alphabet: "base64" | "base64url"): string {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text, "latin1")]);
  return bytes.toString(alphabet).slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

function hexOf(text: string, upper: boolean): string {
  const hex = Buffer.from(text, "latin1").toString("hex");
  return upper ? hex.toUpperCase() : hex;
}

/** As JSON is written by those who escape every mark. */
function unicodeOf(text: string, upper: boolean): string {
  return text.replace(/[^A-Za-z0-9_.-]/g, (mark) => {
    const hex = mark.charCodeAt(0).toString(16).padStart(4, "0");
    return `\\u${upper ? hex.toUpperCase() : hex}`;
  });
}

function lowerEscapes(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (triple) => triple.toLowerCase());
}
