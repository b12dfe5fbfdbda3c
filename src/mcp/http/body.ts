// Reading a whole body that must fit, and the words for what is in it.
import type { Readable } from "node:stream";

/** The whole body, or the word why it is none: `too-long` (the rest of it is still to come), `broken`, `slow`. */
export async function readWhole(
  stream: Readable,
  limits: { readonly most: number; readonly ms: number },
): Promise<Buffer | "too-long" | "broken" | "slow"> {
  const pieces: Buffer[] = [];
  let size = 0;
  let isSlow = false;
  const timer = setTimeout(() => {
    isSlow = true;
    stream.destroy();
  }, limits.ms);
  try {
    for await (const piece of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > limits.most) return "too-long";
      pieces.push(piece);
    }
  } catch {
    return isSlow ? "slow" : "broken";
  } finally {
    clearTimeout(timer);
  }
  return isSlow ? "slow" : pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}

/** The media type without its parameters, in lower case. */
export function mediaType(value: string | undefined): string {
  return (value ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** False for a body that is packed: this house asks for none, and a packed one could grow without end. */
export function isPlainEncoding(value: string | undefined): boolean {
  return value === undefined || /^\s*(?:identity)?\s*$/i.test(value);
}
