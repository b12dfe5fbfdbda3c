// Lines of stdio: one message a line, ended by LF (CRLF is borne, a BOM before the first one too). What is too long for memory is not kept, but
// its two ends are, and the lines behind it are read as if nothing had happened.

/** One line, or what is known of one that was not held. */
export type Line =
  | { readonly kind: "line"; readonly bytes: Uint8Array }
  | {
      readonly kind: "unread";
      readonly why: "too-long" | "half-line";
      readonly head: Uint8Array;
      readonly tail: Uint8Array;
    };

const LF = 0x0a;
const CR = 0x0d;
const BOM = [0xef, 0xbb, 0xbf];
/** Bytes kept of either end of what is too long. */
const ENDS = 1024;
/** Parts that are put together into one. */
const LOOSE = 256;

/** Cuts a stream of bytes into lines. */
export class LineSplitter {
  readonly #max: number;
  #parts: Uint8Array[] = [];
  #loose = 0;
  #length = 0;
  #first = true;
  #head: Uint8Array = new Uint8Array();
  #tail: Uint8Array = new Uint8Array();

  constructor(max: number) {
    this.#max = max;
  }

  /** The lines that end in this chunk. The bytes of one that lies in it whole are not copied. */
  *push(chunk: Uint8Array): Generator<Line> {
    for (let start = 0; ; ) {
      const end = chunk.indexOf(LF, start);
      this.#add(chunk.subarray(start, end < 0 ? chunk.length : end));
      if (end < 0) return;
      yield this.#line();
      start = end + 1;
    }
  }

  /** What stands behind the last line's end. A message without an end is none: its writer may have had more to say. */
  end(): Line | undefined {
    if (this.#length === 0) return undefined;
    const line = this.#line();
    if (line.kind === "unread") return line;
    return { kind: "unread", why: "half-line", head: line.bytes, tail: new Uint8Array() };
  }

  #add(part: Uint8Array): void {
    if (part.length === 0) return;
    const before = this.#length;
    this.#length += part.length;
    if (this.#length <= this.#max) {
      this.#parts.push(part);
      this.#loose += 1;
      // A stream that comes byte by byte would be mostly overhead.
      if (this.#loose === LOOSE) {
        this.#parts.push(Buffer.concat(this.#parts.splice(-LOOSE)));
        this.#loose = 0;
      }
      return;
    }
    if (before <= this.#max) this.#head = joined([...this.#parts, part]).slice(0, ENDS);
    this.#tail = joined([...(before <= this.#max ? this.#parts : [this.#tail]), part]).slice(-ENDS);
    this.#parts = [];
  }

  #line(): Line {
    const line: Line =
      this.#length > this.#max
        ? { kind: "unread", why: "too-long", head: this.#head, tail: this.#tail }
        : { kind: "line", bytes: this.#trimmed(joined(this.#parts)) };
    this.#parts = [];
    this.#loose = 0;
    this.#length = 0;
    this.#first = false;
    return line;
  }

  #trimmed(bytes: Uint8Array): Uint8Array {
    const start = this.#first && BOM.every((byte, index) => bytes[index] === byte) ? BOM.length : 0;
    return bytes.subarray(start, bytes.at(-1) === CR ? bytes.length - 1 : bytes.length);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}
