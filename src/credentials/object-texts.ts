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
const [QUOTE, COMMA, COLON, OPEN_LIST, BACKSLASH, CLOSE_LIST, OPEN, CLOSE] = [34, 44, 58, 91, 92, 93, 123, 125];

/** Reads one body. */
export class ObjectTexts {
  private readonly names: string[] = [];
  private readonly kinds: number[] = [];
  private depth = 0;
  private isValue = true;
  private isOpen = false;
  private isEscaped = false;
  private text: number[] = [];

  /** Tells each text that ends in these bytes, until `tell` says stop; answers from where on a text is still open. */
  take(
    bytes: Uint8Array,
    tell: (text: ObjectText) => boolean,
  ): { readonly stopped: boolean; readonly openFrom: number } {
    let openFrom = this.isOpen ? 0 : bytes.length;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (!this.isOpen) {
        if (byte === QUOTE) {
          this.isOpen = true;
          this.text = [];
          openFrom = at;
        } else this.mark(byte);
      } else if (this.isEscaped || byte !== QUOTE) {
        this.isEscaped = !this.isEscaped && byte === BACKSLASH;
        if (this.text.length < TEXT_MOST) this.text.push(byte);
      } else {
        this.isOpen = false;
        openFrom = bytes.length;
        if (this.ended(tell)) return { stopped: true, openFrom };
      }
    }
    // a text of this length is no key, and waits for nothing
    return { stopped: false, openFrom: this.text.length >= TEXT_MOST ? bytes.length : openFrom };
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
    if (this.depth > DEPTH_MOST) return false;
    const text = unescaped(Buffer.from(this.text).toString("utf8"));
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
