// One line that a person types at a question. Whatever a hand at a keyboard would not send is odd, and odd is no. Pure.

/** The line so far, or how it ended. */
export type TypedLine =
  | { readonly kind: "open"; readonly text: string }
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "odd"; readonly why: string };

/** Longest answer. */
const MOST = 24;

/** Takes what one read of the terminal gave (latin1) into the open line `text`. */
export function typeInto(text: string, read: string): TypedLine {
  let line = text;
  for (const [index, key] of [...read].entries()) {
    if (key === "\r" || key === "\n") {
      const rest = read.length - index - 1;
      return rest === 0 ? { kind: "line", text: line.trim() } : { kind: "odd", why: "several lines at once" };
    }
    if (key === "\u007f" || key === "\b") line = line.slice(0, -1);
    else if (key === "\u0015") line = "";
    else if (key === "\u0003") return { kind: "odd", why: "interrupted" };
    else if (key === "\u0004") return { kind: "odd", why: "end of input" };
    else if (key < " " || key > "~") return { kind: "odd", why: "a key that is no letter, or a paste" };
    else line += key;
    if (line.length > MOST) return { kind: "odd", why: "more than a word" };
  }
  return { kind: "open", text: line };
}
