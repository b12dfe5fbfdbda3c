// File names are bytes. Everything above this file works with text, so what is no UTF-8 becomes text that can be shown, and says so.

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A name as text; `odd` when the bytes are no UTF-8 and the text only shows them. */
export interface Name {
  readonly text: string;
  readonly odd: boolean;
}

/** UTF-8 as it is; other bytes above 0x7f as `\xNN`. */
export function nameOf(bytes: Buffer): Name {
  try {
    return { text: decoder.decode(bytes), odd: false };
  } catch {
    const text = bytes.toString("latin1").replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
    return { text, odd: true };
  }
}
