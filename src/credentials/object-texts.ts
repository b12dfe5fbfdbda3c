// The texts of an object in JSON, as its bytes pass: no more of it is kept than the text that is being read, so that a request of any size can be looked
// at. It judges no grammar: what is no object has no texts, or some that present nothing.

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
const [QUOTE, COMMA, COLON, OPEN_LIST, BACKSLASH, CLOSE_LIST, OPEN, CLOSE] = [34, 44, 58, 91, 92, 93, 123, 125];

/** Reads one body. */
export class ObjectTexts {
  private readonly names: string[] = [];
  private readonly kinds: number[] = [];
  private depth = 0;
  private isValue = true;
  private isOpen = false;
  /** Of the open text: its pieces so far, and whether the last byte was a backslash that escapes the next. */
  private text: Buffer[] = [];
  private size = 0;
  private isEscaped = false;

  /** Tells each text that ends in these bytes, until `tell` says stop; answers from where on a text is still open. */
  take(bytes: Buffer, tell: (text: ObjectText) => boolean): { readonly stopped: boolean; readonly openFrom: number } {
    let openFrom = this.isOpen ? 0 : bytes.length;
    for (let at = 0; at < bytes.length; at += 1) {
      if (!this.isOpen) {
        const byte = bytes[at] ?? 0;
        if (byte !== QUOTE) {
          this.mark(byte);
          continue;
        }
        this.isOpen = true;
        openFrom = at;
        at += 1;
      }
      const end = this.endOf(bytes, at);
      // what goes on in the next piece is copied: the bytes are the sender's
      this.keep(
        end === bytes.length ? Buffer.from(bytes.subarray(at, Math.min(end, at + TEXT_MOST))) : bytes.subarray(at, end),
      );

      at = end;
      if (end === bytes.length) break;
      this.isOpen = false;
      openFrom = bytes.length;
      if (this.ended(tell)) return { stopped: true, openFrom };
    }
    // a text of this length is no key, and waits for nothing
    return { stopped: false, openFrom: this.size >= TEXT_MOST ? bytes.length : openFrom };
  }

  /** Where the open text ends: at the next quotation mark behind an even number of backslashes. */
  private endOf(bytes: Buffer, from: number): number {
    for (let at = bytes.indexOf(QUOTE, from); ; at = bytes.indexOf(QUOTE, at + 1)) {
      const end = at < 0 ? bytes.length : at;
      let first = end;
      while (first > from && bytes[first - 1] === BACKSLASH) first -= 1;
      const isCarried = first === from && this.isEscaped;
      const isEscaped = (end - first + (isCarried ? 1 : 0)) % 2 === 1;
      if (at < 0) this.isEscaped = isEscaped;
      if (at < 0 || !isEscaped) return end;
    }
  }

  private keep(piece: Buffer): void {
    if (this.size >= TEXT_MOST || piece.length === 0) return;
    this.text.push(piece.subarray(0, TEXT_MOST - this.size));
    this.size += piece.length;
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
    } else if (byte === COLON) this.isValue = true;
    else if (byte === COMMA) this.isValue = this.kinds[this.depth] !== OPEN;
  }

  private ended(tell: (text: ObjectText) => boolean): boolean {
    const [first = NOTHING, ...more] = this.text;
    const whole = more.length === 0 ? first : Buffer.concat(this.text);
    this.text = [];
    this.size = 0;
    this.isEscaped = false;
    if (this.depth > DEPTH_MOST) return false;
    const text = unescaped(whole.toString("utf8"));
    if (this.isValue) return tell({ name: this.names[this.depth] ?? "", value: text, depth: this.depth });
    this.names[this.depth] = text;
    return false;
  }
}

function unescaped(raw: string): string {
  if (!raw.includes("\\")) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return raw;
  }
}
