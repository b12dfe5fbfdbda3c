// The texts of an object in JSON, as its bytes pass: no more of it is kept than the text that is being read, so that a request of any size can be looked
// at. It judges no grammar, and reads what lenient readers take beside it (Gson, Json.NET, JSON5): other quotation marks, words without any, comments.
import { unescaped } from "./object-escapes.ts";

/** One text: the name it stands under, and how deep. A list counts as a level, and its texts have the name of the list. */
export interface ObjectText {
  readonly name: string;
  readonly value: string;
  readonly depth: number;
}

/** No text that is looked at is longer; of a longer one the beginning is told. */
const TEXT_MOST = 8_192;
/** Deeper than this nothing is told. */
const DEPTH_MOST = 32;
const NOTHING: Buffer = Buffer.alloc(0);
const [QUOTE, APOSTROPHE, HASH, SLASH, STAR, BACKSLASH, LF, CR] = [34, 39, 35, 47, 42, 92, 10, 13];
const [COMMA, SEMICOLON, COLON, EQUALS, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [44, 59, 58, 61, 91, 93, 123, 125];
/** A shorter word without quotation marks is a number, `true`, `null`: no key. */
const BARE_LEAST = 16;

/** What ends a word without quotation marks. */
const ENDS_BARE: Uint8Array = new Uint8Array(256);
for (const byte of [
  QUOTE,
  APOSTROPHE,
  HASH,
  SLASH,
  COMMA,
  SEMICOLON,
  COLON,
  EQUALS,
  OPEN_LIST,
  CLOSE_LIST,
  OPEN,
  CLOSE,
])
  ENDS_BARE[byte] = 1;
ENDS_BARE.fill(1, 0, 33);

const IN_NUMBER: Uint8Array = new Uint8Array(256);
for (const byte of Buffer.from("0123456789.eE+-")) IN_NUMBER[byte] = 1;

/** Lists of numbers are long, and hold nothing: where one ends that is all here, else where it began. */
function behindNumber(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && IN_NUMBER[bytes[at] as number] === 1) at += 1;
  return at < bytes.length && ENDS_BARE[bytes[at] as number] === 1 ? at : from;
}

/** What the bytes are in: quotation marks, a word without any, a comment to the line's end or to its own. */
type Within = typeof QUOTE | typeof APOSTROPHE | "bare" | "line" | "block";

/** Reads one body. */
export class ObjectTexts {
  private readonly names: string[] = [];
  private readonly kinds: number[] = [];
  private depth = 0;
  private isValue = true;
  private within: Within | undefined;
  /** Of the open text: its pieces so far, and whether the last byte was a backslash that escapes the next. */
  private text: Buffer[] = [];
  private size = 0;
  private isEscaped = false;
  /** The byte before, outside of texts and in comments. */
  private before = 0;

  /** Tells each text that ends in these bytes, until `tell` says stop; answers from where on a text is still open. */
  take(bytes: Buffer, tell: (text: ObjectText) => boolean): { readonly stopped: boolean; readonly openFrom: number } {
    let openFrom = this.isInText() ? 0 : bytes.length;
    for (let at = 0; at < bytes.length; at += 1) {
      if (this.within === undefined) {
        const byte = bytes[at] ?? 0;
        const number = this.isValue && IN_NUMBER[byte] === 1 ? behindNumber(bytes, at) : at;
        if (number > at) {
          at = number - 1;
          this.before = 0;
          continue;
        }
        this.within = this.begins(byte);
        if (this.within === undefined) {
          this.mark(byte);
          continue;
        }
        if (this.isInText()) openFrom = at;
        if (this.within !== "bare") at += 1;
      }
      const end = this.endOf(bytes, at);
      if (this.isInText()) this.keep(bytes, at, end);
      at = end;
      if (end === bytes.length) break;
      openFrom = bytes.length;
      // what ends a bare word is something itself
      if (this.within === "bare") at -= 1;
      if (this.ended(tell)) return { stopped: true, openFrom };
    }
    // a text of this length is no key, and waits for nothing
    return { stopped: false, openFrom: this.size >= TEXT_MOST ? bytes.length : openFrom };
  }

  private isInText(): boolean {
    return this.within !== undefined && this.within !== "line" && this.within !== "block";
  }

  private begins(byte: number): Within | undefined {
    const before = this.before;
    this.before = byte;
    if (byte === QUOTE || byte === APOSTROPHE) return byte;
    if (byte === HASH || (byte === SLASH && before === SLASH)) return "line";
    if (byte === STAR && before === SLASH) return "block";
    return ENDS_BARE[byte] === 1 ? undefined : "bare";
  }

  private endOf(bytes: Buffer, from: number): number {
    const { within } = this;
    if (within === QUOTE || within === APOSTROPHE) return this.closing(within, bytes, from);
    let at = from;
    if (within === "bare") while (at < bytes.length && ENDS_BARE[bytes[at] as number] === 0) at += 1;
    else if (within === "line") while (at < bytes.length && bytes[at] !== LF && bytes[at] !== CR) at += 1;
    else
      for (; at < bytes.length && !(bytes[at] === SLASH && this.before === STAR); at += 1) this.before = bytes[at] ?? 0;
    return at;
  }

  /** The next quotation mark behind an even number of backslashes. */
  private closing(mark: number, bytes: Buffer, from: number): number {
    for (let at = bytes.indexOf(mark, from); ; at = bytes.indexOf(mark, at + 1)) {
      const end = at < 0 ? bytes.length : at;
      let first = end;
      while (first > from && bytes[first - 1] === BACKSLASH) first -= 1;
      const isCarried = first === from && this.isEscaped;
      const isEscaped = (end - first + (isCarried ? 1 : 0)) % 2 === 1;
      if (at < 0) this.isEscaped = isEscaped;
      if (at < 0 || !isEscaped) return end;
    }
  }

  private keep(bytes: Buffer, from: number, end: number): void {
    if (this.size >= TEXT_MOST || from === end) return;
    const piece = bytes.subarray(from, Math.min(end, from + TEXT_MOST - this.size));
    // what goes on in the next piece is copied: the bytes are the sender's
    this.text.push(end === bytes.length ? Buffer.from(piece) : piece);
    this.size += end - from;
  }

  private mark(byte: number): void {
    if (byte === OPEN || byte === OPEN_LIST) {
      const above = this.names[this.depth] ?? "";
      this.depth += 1;
      if (this.depth <= DEPTH_MOST) {
        this.kinds[this.depth] = byte;
        this.names[this.depth] = byte === OPEN_LIST ? above : "";
      }
      this.isValue = byte === OPEN_LIST;
    } else if (byte === CLOSE || byte === CLOSE_LIST) {
      this.depth = Math.max(0, this.depth - 1);
      this.isValue = true;
    } else if (byte === COLON || byte === EQUALS) this.isValue = true;
    else if (byte === COMMA || byte === SEMICOLON) this.isValue = this.kinds[this.depth] !== OPEN;
  }

  private ended(tell: (text: ObjectText) => boolean): boolean {
    const { size, within } = this;
    const [first = NOTHING, ...more] = this.text;
    const isText = this.isInText();
    this.within = undefined;
    this.before = 0;
    this.text = [];
    this.size = 0;
    this.isEscaped = false;
    if (!isText || this.depth > DEPTH_MOST || (within === "bare" && this.isValue && size < BARE_LEAST)) return false;
    const text = unescaped((more.length === 0 ? first : Buffer.concat([first, ...more])).toString("utf8"));
    if (!this.isValue) this.names[this.depth] = text;
    else if (within !== "bare" || /[^\d.eE+-]/.test(text))
      return tell({ name: this.names[this.depth] ?? "", value: text, depth: this.depth });
    return false;
  }
}
