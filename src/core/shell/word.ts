// Words of unbash's tree → ShellWords: quote removal, brace expansion, and what stays unknown. Checked against a real bash by
// tests/real/shell.test.ts. When in doubt a word is not constant.
import { parse, type Word, type WordPart } from "unbash";
import { expandBraces, hasOpenBrace } from "./brace.ts";
import type { ShellWord } from "./facts.ts";
import { keptFolder } from "./folder.ts";
import { expandConstant } from "./parameter.ts";

/** What is known of variables where the word stands. */
export interface Known {
  /** The constant of a scalar set once: for ask and deny rules only, never for allow (DESIGN 7 rule 2). */
  constant(name: string): string | undefined;
  /** The folder that every value of a variable begins with, where that is proved. */
  folder(name: string): string | undefined;
  /** True for a variable that holds a number and nothing else. */
  isNumber(name: string, text: string, offset: number): boolean;
}

/** The name that stands for a process substitution: a pipe, no file of the disk. */
export const STREAM = "/dev/fd/63";

/** The words that one written word becomes. More than one only through brace expansion. */
export function resolveWord(word: Word, known: Known): readonly ShellWord[] {
  if (word.parts === undefined && !/[*?$`{}[~\\]/.test(word.text)) {
    return [
      { text: word.text, value: word.value, likely: [word.value], prefix: word.value, kind: "constant", tilde: false },
    ];
  }
  const sawBraces = word.parts?.some((part) => part.type === "BraceExpansion") ?? false;
  if (sawBraces || (/,|\.\./.test(word.text) && hasOpenBrace(word.text))) {
    const expanded = expandBraces(word.text);
    if (expanded === undefined || expanded.length > 1 !== sawBraces) return [unknownWord(word, "split")];
    if (expanded.length > 1) return expanded.flatMap((text) => reparse(text, word, known));
  }
  return [plainWord(word, known)];
}

function plainWord(word: Word, known: Known): ShellWord {
  const written = word.text.includes("\\\n") ? word.text.replaceAll("\\\n", "") : word.text;
  const tilde = written.startsWith("~");
  // the name bash gives it is never an option, and what it reads is judged where it stands
  if (word.parts?.length === 1 && word.parts[0]?.type === "ProcessSubstitution")
    return { text: word.text, value: STREAM, likely: [STREAM], prefix: STREAM, kind: "constant", tilde: false };
  // `x=~/y` and `a:~/y` expand in arguments that look like assignments
  if (/[=:]~/.test(written)) return unknownWord(word, "split");
  if (word.parts === undefined) {
    // a dollar sign that nothing follows is one: `-run ^TestA$`
    if (/[*?`]|\$./s.test(word.text) && !/\\/.test(word.text)) return unknownWord(word, "split");
    return { text: word.text, value: word.value, likely: [word.value], prefix: word.value, kind: "constant", tilde };
  }
  let value: string | undefined = "";
  let likely: string | undefined = "";
  let prefix = "";
  let kind: ShellWord["kind"] = "constant";
  let splitLikely = false;
  for (const part of word.parts) {
    const fixed = constantPart(part);
    if (fixed !== undefined) {
      if (value !== undefined) value += fixed;
      if (kind === "constant") prefix += fixed;
      if (likely !== undefined) likely += fixed;
      continue;
    }
    value = undefined;
    if (kind === "constant") prefix += beginning(part, known);
    kind = worse(kind, kindOf(part, known));
    const guess = likelyPart(part, known);
    if (part.type === "SimpleExpansion" || part.type === "ParameterExpansion")
      splitLikely ||= /[ \t\n]/.test(guess ?? "");
    likely = likely === undefined || guess === undefined ? undefined : likely + guess;
  }
  const words = likely === undefined ? undefined : splitLikely ? likely.split(/[ \t\n]+/).filter(Boolean) : [likely];
  return { text: word.text, value, likely: words, prefix, kind, tilde };
}

const WORSE = { constant: 0, glob: 1, quoted: 1, split: 2 } as const;

function worse(a: ShellWord["kind"], b: ShellWord["kind"]): ShellWord["kind"] {
  if (a !== b && WORSE[a] === 1 && WORSE[b] === 1) return "split";
  return WORSE[a] >= WORSE[b] ? a : b;
}

/**
 * The folder that a quoted part begins with: `"src/$f"` is no option, whatever the variable holds. A beginning without a folder
 * says less: `"e$x"` may become an address (`ext::…`), `"o$x"` an assignment (`of=…`).
 */
function beginning(part: WordPart, known: Known): string {
  if (part.type !== "DoubleQuoted") return "";
  const [first] = part.parts;
  if (first === undefined) return "";
  return keptFolder(first, (name) => known.folder(name)) ?? literalFolder(first);
}

function literalFolder(first: WordPart): string {
  return first.type === "Literal" && /^\w[^:=]*\//.test(first.value) ? first.value : "";
}

/** How a part that is not constant may spread: a number stays one word without quotes too. */
function kindOf(part: WordPart, known: Known): ShellWord["kind"] {
  if (part.type === "Glob") return "glob";
  if (part.type === "DoubleQuoted" || part.type === "LocaleString") return quotedKind(part);
  if (part.type === "ArithmeticExpansion" || /^\$(?:[?#$!]|\{#\w+(?:\[[@*]\])?\})$/.test(part.text)) return "quoted";
  const name = /^\$\{?([A-Za-z_]\w*)\}?$/.exec(part.text)?.[1];
  return name !== undefined && known.isNumber(name, part.text, part.pos) ? "quoted" : "split";
}

/** `"$@"` and `"${a[@]}"` are several words even inside quotes. */
function quotedKind(part: WordPart): ShellWord["kind"] {
  return /\$\{?[@!]|\[@\]/.test(part.text) ? "split" : "quoted";
}

/** The constant text of a part, or `undefined`. */
function constantPart(part: WordPart): string | undefined {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return part.value;
    case "DoubleQuoted":
    case "LocaleString": {
      let text = "";
      for (const child of part.parts) {
        if (child.type !== "Literal") return undefined;
        text += child.value;
      }
      return text;
    }
    default:
      return undefined;
  }
}

function likelyPart(part: WordPart, known: Known): string | undefined {
  if (part.type === "SimpleExpansion") return known.constant(part.text.slice(1));
  if (part.type === "ParameterExpansion") {
    const value = known.constant(part.parameter);
    return value === undefined ? undefined : expandConstant(part, value);
  }
  if (part.type === "DoubleQuoted" || part.type === "LocaleString") {
    let text = "";
    for (const child of part.parts) {
      const guess = constantPart(child) ?? likelyPart(child, known);
      if (guess === undefined) return undefined;
      text += guess;
    }
    return text;
  }
  return constantPart(part);
}

function unknownWord(word: Word, kind: "split"): ShellWord {
  return { text: word.text, value: undefined, likely: undefined, prefix: "", kind, tilde: word.text.startsWith("~") };
}

function reparse(text: string, original: Word, known: Known): readonly ShellWord[] {
  if (text === "") return [];
  const script = parse(`: ${text}`);
  const command = script.commands[0]?.command;
  const [only, ...more] = command?.type === "Command" ? command.suffix : [];
  if (script.errors?.length || script.commands.length !== 1 || only?.type !== "Word" || more.length > 0)
    return [unknownWord(original, "split")];
  return [{ ...plainWord(only, known), text: original.text }];
}
