// Words of a command line → `Bash(…)`, quoted so that our own grammar reads exactly those words again (bash-rule.ts).

/** `Bash(a b)`, or `Bash(a b *)` for these words and any more. `undefined`: a word that no rule can hold. */
export function bashRule(words: readonly string[], more: boolean): string | undefined {
  if (words.length === 0) return more ? "Bash" : undefined;
  if (words.some((word) => word === "" || /[\0-\x1f\x7f]/.test(word))) return undefined;
  return `Bash(${words.map(quoted).join(" ")}${more ? " *" : ""})`;
}

function quoted(word: string): string {
  // blanks go into quotes, since an escaped blank at the end of a rule would be trimmed; the rest is escaped letter by letter
  return word.replace(/[^A-Za-z0-9_@%+=:,./~#{}!?^[\]&;|<>$`()-]/gu, (c) => (/\s/.test(c) ? `'${c}'` : `\\${c}`));
}

/** A pattern with `*` for any text as `Bash(…)`. A `:*` in it is a colon and any text, not our word boundary. */
export function bashGlob(pattern: string): string {
  return `Bash(${pattern.trim().replaceAll(":*", "':'*")})`;
}

/** Splits a command as a shell would, without meaning: quotes and backslashes only. `undefined` when a quote does not end. */
export function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (/\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (c === "'" || c === '"') {
      let end = i + 1;
      word ??= "";
      while (end < text.length && text.charAt(end) !== c) {
        if (c === '"' && text.charAt(end) === "\\" && /["\\$`]/.test(text.charAt(end + 1))) end++;
        word += text.charAt(end++);
      }
      if (end >= text.length) return undefined;
      i = end;
    } else {
      word ??= "";
      word += c === "\\" && i + 1 < text.length ? text.charAt(++i) : c;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
