// The forms in which a secret is kept by those who keep one: as it is, in base64 (as part of a longer text too), in hexadecimal digits, as a URL or JSON
// writes it. What is compressed or encrypted is no form of this list.

/** A secret by name; the value never leaves the search. */
export interface SoughtValue {
  readonly name: string;
  readonly value: string;
}

/** One text to look for, and whose it is. */
export interface SoughtForm {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Shorter values are found in everything. */
export const SHORTEST_VALUE = 6;

/** Every form of every value, each once. */
export function formsOf(values: readonly SoughtValue[]): readonly SoughtForm[] {
  const forms = new Map<string, SoughtForm>();
  for (const { name, value } of values) {
    const raw = Buffer.from(value);
    if (raw.length < SHORTEST_VALUE) continue;
    const texts = [
      raw.toString("latin1"),
      raw.toString("hex"),
      raw.toString("hex").toUpperCase(),
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
      ...alignments(raw),
    ];
    for (const text of texts) forms.set(`${name}\0${text}`, { name, bytes: Buffer.from(text, "latin1") });
  }
  return [...forms.values()];
}

/** The three ways in which the bytes may stand in a longer text that is written in base64: the digits that do not depend on their neighbours. */
function alignments(raw: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const shifted = Buffer.concat([Buffer.alloc(before), raw]);
    const digits = shifted.toString("base64").replace(/=+$/, "");
    const from = Math.ceil((before * 8) / 6);
    const own = digits.slice(from, Math.floor((shifted.length * 8) / 6));
    return own.length < SHORTEST_VALUE ? [] : [own, own.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/**
 * Looks for them in a stream of pieces: what one piece ends with and the next begins with counts too. Blanks and line ends within a form do not count:
 * whatever writes Base64 or hexadecimal digits breaks its lines.
 */
export class FormSearch {
  private readonly forms: readonly (SoughtForm & { readonly solid: Buffer })[];
  private readonly overlap: number;
  private tail: Buffer = Buffer.alloc(0);

  constructor(forms: readonly SoughtForm[]) {
    this.forms = forms.map((form) => ({ ...form, solid: withoutBlanks(form.bytes) }));
    // As long as a form with a blank behind every letter.
    this.overlap = Math.max(0, ...forms.map(({ bytes }) => 2 * bytes.length - 1));
  }

  /** The names of the values that the text so far holds with this piece. */
  take(piece: Buffer): readonly string[] {
    const text = this.tail.length === 0 ? piece : Buffer.concat([this.tail, piece]);
    const solidText = withoutBlanks(text);
    const isIn = ({ bytes, solid }: { readonly bytes: Buffer; readonly solid: Buffer }): boolean =>
      text.includes(bytes) || (solid.length >= SHORTEST_VALUE && solidText.includes(solid));
    const found = new Set(this.forms.filter(isIn).map(({ name }) => name));
    this.tail = Buffer.from(text.subarray(Math.max(0, text.length - this.overlap)));
    return [...found];
  }
}

function withoutBlanks(text: Buffer): Buffer {
  const solid = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at] ?? 0;
    if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) solid[length++] = byte;
  }
  return solid.subarray(0, length);
}
