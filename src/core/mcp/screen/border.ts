// An order in pieces: whether what was found in texts that were put together stands in one of them alone.

/** Looked for in every piece, so it is not looked for without end. */
const LOOKS_MOST = 256;

/** Whether a text stands over the borders of the pieces. More than anybody looks for does: a flood of what stands in one piece hides nothing. */
export function overBorders(pieces: readonly string[]): (text: string) => boolean {
  let looks = 0;
  return (text) => {
    looks += 1;
    return looks > LOOKS_MOST || !pieces.some((piece) => piece.includes(text));
  };
}
