// Words of unbash's tree → ShellWords: quote removal, brace expansion, and what stays unknown. Checked against a real bash by
// tests/core/shell/differential.test.ts. When in doubt a word is not constant.
import { type ParsedScript, parse, type Script, type Word, type WordPart } from "unbash";
import type { ShellWord } from "./facts.ts";

const MAX_BRACE_WORDS = 256;

/** Variables that were set once to a constant: for ask and deny rules only, never for allow (DESIGN 7 rule 2). */
export type Constants = ReadonlyMap<string, string>;

/** What reading words needs from the analysis that owns the lists. */
export interface WordReader {
  /** Judges what stands inside a word and resolves it. */
  word(word: Word): readonly ShellWord[];
  part(part: WordPart): void;
  substitution(script: ParsedScript | Script, offset: number): void;
  doubt(code: string, text: string, offset: number): void;
  /** A variable is set. */
  name(name: string, offset: number): void;
  /** A variable is no constant any more. */
  forget(name: string): void;
  subscript(index: Word): void;
}

/** The words that one written word becomes. More than one only through brace expansion. */
export function resolveWord(word: Word, constants: Constants): readonly ShellWord[] {
  if (word.parts === undefined && !/[*?$`{}[~\\]/.test(word.text)) {
    return [
      { text: word.text, value: word.value, likely: [word.value], prefix: word.value, kind: "constant", tilde: false },
    ];
  }
  if (/\{/.test(word.text) && /,|\.\./.test(word.text)) {
    const expanded = expandBraces(word.text);
    const sawBraces = word.parts?.some((part) => part.type === "BraceExpansion") ?? false;
    if (expanded === undefined || expanded.length > 1 !== sawBraces) return [unknownWord(word, "split")];
    if (expanded.length > 1) return expanded.flatMap((text) => reparse(text, word, constants));
  }
  return [plainWord(word, constants)];
}

function plainWord(word: Word, constants: Constants): ShellWord {
  const written = word.text.includes("\\\n") ? word.text.replaceAll("\\\n", "") : word.text;
  const tilde = written.startsWith("~");
  // `x=~/y` and `a:~/y` expand in arguments that look like assignments
  if (/[=:]~/.test(written)) return unknownWord(word, "split");
  if (word.parts === undefined) {
    if (/[*?$`]/.test(word.text) && !/\\/.test(word.text)) return unknownWord(word, "split");
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
    kind = worse(
      kind,
      part.type === "Glob"
        ? "glob"
        : part.type === "DoubleQuoted" || part.type === "LocaleString"
          ? quotedKind(part)
          : "split",
    );
    const guess = likelyPart(part, constants);
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

function likelyPart(part: WordPart, constants: Constants): string | undefined {
  if (part.type === "SimpleExpansion") return constants.get(part.text.slice(1));
  if (part.type === "ParameterExpansion")
    return part.operation === undefined && part.prefix === undefined && part.index === undefined
      ? constants.get(part.parameter)
      : undefined;
  if (part.type === "DoubleQuoted" || part.type === "LocaleString") {
    let text = "";
    for (const child of part.parts) {
      const guess = constantPart(child) ?? likelyPart(child, constants);
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

function reparse(text: string, original: Word, constants: Constants): readonly ShellWord[] {
  if (text === "") return [];
  const script = parse(`: ${text}`);
  const command = script.commands[0]?.command;
  const [only, ...more] = command?.type === "Command" ? command.suffix : [];
  if (script.errors?.length || script.commands.length !== 1 || only?.type !== "Word" || more.length > 0)
    return [unknownWord(original, "split")];
  return [{ ...plainWord(only, constants), text: original.text }];
}

/** Brace expansion of one written word, quotes kept. One element when nothing expands; `undefined` when it is not certain. */
export function expandBraces(text: string): readonly string[] | undefined {
  if (/[$`]/.test(text.replace(/\$(?=['"])/g, ""))) return undefined;
  const marks = unquotedMarks(text);
  const open = marks.findIndex((m) => m.c === "{");
  if (open < 0) return [text];
  for (let start = open; start < marks.length; start++) {
    if (marks[start]?.c !== "{") continue;
    let depth = 0;
    const commas: number[] = [];
    for (let i = start; i < marks.length; i++) {
      const mark = marks[i];
      if (mark === undefined) break;
      if (mark.c === "{") depth++;
      else if (mark.c === "," && depth === 1) commas.push(mark.at);
      else if (mark.c === "}" && --depth === 0) {
        const from = marks[start]?.at ?? 0;
        const inner =
          commas.length > 0 ? pieces(text, from + 1, mark.at, commas) : sequence(text.slice(from + 1, mark.at));
        if (inner === undefined) break;
        const before = text.slice(0, from);
        const rest = expandBraces(text.slice(mark.at + 1));
        if (rest === undefined) return undefined;
        const out: string[] = [];
        for (const piece of inner) {
          const middles = commas.length > 0 ? expandBraces(piece) : [piece];
          if (middles === undefined) return undefined;
          for (const middle of middles) for (const end of rest) out.push(before + middle + end);
          if (out.length > MAX_BRACE_WORDS) return undefined;
        }
        return out;
      }
    }
  }
  return [text];
}

function pieces(text: string, from: number, to: number, commas: readonly number[]): readonly string[] {
  const ends = [...commas, to];
  return ends.map((end, i) => text.slice(i === 0 ? from : (commas[i - 1] ?? from) + 1, end));
}

/** `{1..5}` and `{a..e}`; a step or leading zeros make it uncertain, so the caller gives up through a mismatch. */
function sequence(inner: string): readonly string[] | undefined {
  const match = /^(-?\d{1,4})\.\.(-?\d{1,4})$/.exec(inner) ?? /^([a-z])\.\.([a-z])$/.exec(inner);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const letters = /[a-z]/.test(match[1]);
  if (!letters && /^-?0\d/.test(match[1] + match[2])) return undefined;
  const first = letters ? match[1].charCodeAt(0) : Number(match[1]);
  const last = letters ? match[2].charCodeAt(0) : Number(match[2]);
  if (Math.abs(last - first) >= MAX_BRACE_WORDS) return undefined;
  const step = first <= last ? 1 : -1;
  return Array.from({ length: Math.abs(last - first) + 1 }, (_, i) => first + i * step).map((n) =>
    letters ? String.fromCharCode(n) : String(n),
  );
}

/** The braces and commas of a word that stand outside quotes. */
function unquotedMarks(text: string): readonly { readonly c: string; readonly at: number }[] {
  const marks: { c: string; at: number }[] = [];
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quote === "") {
      if (c === "\\") i++;
      else if (c === "$" && text[i + 1] === "'") {
        quote = "$'";
        i++;
      } else if (c === "'" || c === '"') quote = c;
      else if (c === "{" || c === "}" || c === ",") marks.push({ c, at: i });
    } else if (c === "\\" && quote !== "'") i++;
    else if (c === quote.slice(-1)) quote = "";
  }
  return marks;
}
