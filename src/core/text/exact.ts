// Hostile text for a person who must decide on it: exact, whole, wrapped, and in a frame that it cannot imitate. Stricter than `forTerminal`:
// whatever a terminal draws without a cell of its own, or in another order than it stands, is spelled out too.
import { forTerminal } from "./show.ts";

// Marks that pile up on their neighbours, spaces that are none, letters of right-to-left scripts (a terminal may reorder the line around
// them), and what no version of Unicode has assigned.
const MISLEADING =
  /[\p{M}\p{Cn}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/gu;

// Drawn two cells wide (Unicode's East Asian Width W and F, coarse, and every emoji that is drawn as one): what is counted too narrow would flow
// over the edge and come out at the next line's beginning, outside of the frame.
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18fff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d376}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** One line in, one line out: only characters that stand in a cell, in their order. */
export function exactText(hostile: string): string {
  return forTerminal(hostile).replace(MISLEADING, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

/**
 * The text as lines of at most `width` cells behind a frame: `| ` where a line of the text begins, `: ` where one goes on. Nothing is cut;
 * spaces at the end of a line are spelled out, because nobody sees them.
 */
export function framedLines(hostile: string, width: number, indent = "  "): readonly string[] {
  const room = Math.max(8, width - indent.length - 2);
  return hostile.split("\n").flatMap((line) => {
    const shown = exactText(line).replace(/ +$/, (spaces) => "\\u{20}".repeat(spaces.length));
    return wrapped(shown, room).map((part, index) => `${indent}${index === 0 ? "|" : ":"} ${part}`);
  });
}

/** The visible characters beyond ASCII, each once, as `U+0430`: a look-alike letter is told apart by nothing else. */
export function beyondAscii(hostile: string): readonly string[] {
  const found = new Set(exactText(hostile.replaceAll("\n", " ")).match(/[^\x20-\x7e]/gu) ?? []);
  return [...found].map((c) => `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`);
}

/** A sentence of ours around exact texts, as lines of at most `room` cells, broken after a space where there is one. */
export function wrappedWords(shown: string, room: number): readonly string[] {
  const lines: string[] = [];
  let rest = shown;
  for (;;) {
    const [first = ""] = wrapped(rest, room);
    if (first.length === rest.length) return [...lines, rest];
    const space = first.lastIndexOf(" ");
    const end = space > first.length / 2 ? space + 1 : first.length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end);
  }
}

/** A line of a screen, exact already, as lines of at most `width` cells. Where it goes on is marked: no hostile word in it can look like a line of ours. */
export function markedLines(shown: string, width: number): readonly string[] {
  const indent = /^ */.exec(shown)?.[0] ?? "";
  const lines = wrappedWords(shown.slice(indent.length), Math.max(8, width - indent.length - 4));
  return lines.map((line, index) => `${indent}${index === 0 ? "" : "  : "}${line}`);
}

/** Pieces of at most `room` cells; a wide character is never split over two. */
function wrapped(shown: string, room: number): readonly string[] {
  const parts: string[] = [];
  let part = "";
  let used = 0;
  for (const c of shown) {
    const cells = WIDE.test(c) ? 2 : 1;
    if (used + cells > room) {
      parts.push(part);
      part = "";
      used = 0;
    }
    part += c;
    used += cells;
  }
  return [...parts, part];
}
