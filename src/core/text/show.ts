// What a person sees is escaped (I10): commands, paths, host names and diffs come from an adversary.
// Nothing that reaches a terminal may move the cursor, change direction, hide, or be cut in the middle without saying so.

// Control, format (bidi, zero width, soft hyphen), private use, surrogate halves, line and paragraph separators,
// and variation selectors: everything that a terminal renders as something else than itself.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029\ufe00-\ufe0f\u{e0100}-\u{e01ef}\u115f\u1160\u3164\uffa0\u034f]/gu;

/** Escapes everything invisible or controlling as `\u{hex}`. Idempotent on its own output. One line in, one line out. */
export function forTerminal(hostile: string, options: { readonly max?: number } = {}): string {
  const shown = hostile.replace(HIDDEN, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
  const max = options.max ?? Number.POSITIVE_INFINITY;
  return shown.length <= max ? shown : `${shown.slice(0, max)}… (${shown.length - max} more characters)`;
}

/** A JSON text with the same as JSON's own escapes: to a program it is the same document. What stands between its parts stays. */
export function forTerminalJson(json: string): string {
  return json.replace(HIDDEN, (c) => (/[\n\r\t]/.test(c) ? c : c.split("").map(unit).join("")));
}

function unit(half: string): string {
  return `\\u${half.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Like `forTerminal`, but keeps line feeds and tabs: for text of several lines such as a diff. */
export function forTerminalLines(hostile: string): string {
  return hostile
    .split("\n")
    .map((line) =>
      line
        .split("\t")
        .map((part) => forTerminal(part))
        .join("\t"),
    )
    .join("\n");
}
