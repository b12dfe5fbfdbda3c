// The part of Starlark that Codex `.rules` files are made of: calls at the top level with literals as arguments. Anything else (names,
// loops, conditions, arithmetic) is returned as a statement that is not understood, with its line, and reading goes on below it.
import type { Span } from "../../result.ts";
import { MAX_DEPTH, type Tree } from "./tree.ts";

/** One statement of the file. */
export type Statement =
  | {
      readonly kind: "call";
      readonly name: string;
      readonly at: Span;
      readonly named: ReadonlyMap<string, Tree>;
      readonly positional: readonly Tree[];
    }
  | { readonly kind: "unknown"; readonly at: Span; readonly text: string; readonly why: string };

type Token =
  | {
      readonly kind: "name" | "text" | "number" | "mark";
      readonly value: string;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: "bad" | "end"; readonly value: string; readonly start: number; readonly end: number };

/** Reads a whole file. Never throws; a bad statement never hides the next. */
export function readStarlark(file: string, text: string): readonly Statement[] {
  return new Reader(file, text).statements();
}

class Reader {
  private readonly file: string;
  private readonly text: string;
  private readonly starts: readonly number[];
  private at = 0;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.starts = [0, ...[...text.matchAll(/\n/g)].map((m) => m.index + 1)];
  }

  statements(): readonly Statement[] {
    const found: Statement[] = [];
    for (;;) {
      const token = this.next();
      if (token.kind === "end") return found;
      const statement = token.kind === "name" ? this.call(token.value, token.start) : `starts with \`${token.value}\``;
      if (typeof statement !== "string") {
        found.push(statement);
        continue;
      }
      const end = this.skip(token.start);
      found.push({
        kind: "unknown",
        at: this.span(token.start),
        text: this.text.slice(token.start, end).split("\n")[0] ?? "",
        why: statement,
      });
      this.at = end;
    }
  }

  /** `name(...)`; a text is the reason why it is none. */
  private call(name: string, start: number): Statement | string {
    if (this.next().value !== "(") return `\`${name}\` is no call`;
    const named = new Map<string, Tree>();
    const positional: Tree[] = [];
    for (;;) {
      let token = this.next();
      if (token.kind === "mark" && token.value === ")") break;
      if (token.kind === "name" && !CONSTANTS.has(token.value)) {
        if (this.next().value !== "=") return `\`${token.value}\` is a name, and only literals are read`;
        if (named.has(token.value)) return `\`${token.value}\` stands twice`;
        const key = token.value;
        const value = this.value(this.next(), 0);
        if (typeof value === "string") return value;
        named.set(key, value);
      } else {
        const value = this.value(token, 0);
        if (typeof value === "string") return value;
        positional.push(value);
      }
      token = this.next();
      if (token.value === ")" && token.kind === "mark") break;
      if (token.kind !== "mark" || token.value !== ",") return `\`${token.value}\` stands where a comma belongs`;
    }
    const after = /^[ \t]*(?:#[^\n]*)?(?:;|\r?\n|$)/.exec(this.text.slice(this.at, this.at + 4096));
    if (after === null && this.text.slice(this.at).trim() !== "") return "more stands behind the call";
    this.at += after?.[0].length ?? 0;
    return { kind: "call", name, at: this.span(start), named, positional };
  }

  /** A literal; a text is the reason why it is none. */
  private value(token: Token, depth: number): Tree | string {
    const at = this.span(token.start);
    if (depth > MAX_DEPTH) return "it is nested too deeply";
    if (token.kind === "text") {
      let value = token.value;
      // texts side by side are one
      for (let next = this.peek(); next.kind === "text"; next = this.peek()) value += this.next().value;
      return { kind: "plain", at, value };
    }
    if (token.kind === "number") return { kind: "plain", at, value: Number(token.value) };
    if (token.kind === "name")
      return CONSTANTS.has(token.value)
        ? { kind: "plain", at, value: CONSTANTS.get(token.value) ?? null }
        : `\`${token.value}\` is a name, and only literals are read`;
    if (token.kind !== "mark" || (token.value !== "[" && token.value !== "("))
      return `\`${token.value}\` is no literal`;
    const close = token.value === "[" ? "]" : ")";
    const items: Tree[] = [];
    for (let next = this.next(); ; next = this.next()) {
      if (next.kind === "mark" && next.value === close) return { kind: "list", at, items };
      const item = this.value(next, depth + 1);
      if (typeof item === "string") return item;
      items.push(item);
      const mark = this.next();
      if (mark.kind === "mark" && mark.value === close) return { kind: "list", at, items };
      if (mark.kind !== "mark" || mark.value !== ",") return `\`${mark.value}\` stands where a comma belongs`;
    }
  }

  private peek(): Token {
    const before = this.at;
    const token = this.next();
    this.at = before;
    return token;
  }

  private next(): Token {
    const blank = /(?:[ \t\r\n;]|\\\r?\n|#[^\n]*)*/y;
    blank.lastIndex = this.at;
    this.at += blank.exec(this.text)?.[0].length ?? 0;
    const start = this.at;
    if (start >= this.text.length) return { kind: "end", value: "the end of the file", start, end: start };
    const quote = /(r?)("""|'''|"|')/y;
    quote.lastIndex = start;
    const opened = quote.exec(this.text);
    if (opened !== null) return this.textToken(start, opened[1] === "r", opened[2] ?? '"', opened[0].length);
    const word = /([A-Za-z_]\w*)|(-?\d+)(?![\w.])|([\s\S])/uy;
    word.lastIndex = start;
    const match = word.exec(this.text);
    this.at = start + (match?.[0].length ?? 1);
    const kind = match?.[1] !== undefined ? "name" : match?.[2] !== undefined ? "number" : "mark";
    return { kind, value: match?.[0] ?? "", start, end: this.at };
  }

  private textToken(start: number, raw: boolean, quote: string, opened: number): Token {
    let value = "";
    for (let i = start + opened; i < this.text.length; i++) {
      if (this.text.startsWith(quote, i)) {
        this.at = i + quote.length;
        return { kind: "text", value, start, end: this.at };
      }
      const c = this.text.charAt(i);
      if (c === "\n" && quote.length === 1) break;
      if (c !== "\\") {
        value += c;
        continue;
      }
      const escaped = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/y;
      escaped.lastIndex = i;
      const found = escaped.exec(this.text);
      if (found === null) break;
      const code = found[1] ?? found[2] ?? found[3];
      const plain = found[5];
      if (raw) value += found[0];
      else if (code !== undefined || found[4] !== undefined) {
        const point = code !== undefined ? Number.parseInt(code, 16) : Number.parseInt(found[4] ?? "0", 8);
        if (point > 0x10ffff) break;
        value += String.fromCodePoint(point);
      } else if (plain === "\n") value += "";
      else if (plain !== undefined && Object.hasOwn(ESCAPES, plain)) value += ESCAPES[plain];
      else value += found[0];
      i += found[0].length - 1;
    }
    this.at = this.text.length;
    const line = this.text.indexOf("\n", start);
    if (quote.length === 1 && line >= 0) this.at = line;
    return { kind: "bad", value: "a text without an end", start, end: this.at };
  }

  /** The end of a statement that is not understood: a line break outside all brackets, before a line that is not indented. */
  private skip(start: number): number {
    this.at = start;
    let depth = 0;
    for (;;) {
      const token = this.next();
      if (token.kind === "end") return this.text.length;
      if (token.kind === "mark" && "([{".includes(token.value)) depth++;
      if (token.kind === "mark" && ")]}".includes(token.value)) depth--;
      const between = /^(?:[^\S\n]*(?:#[^\n]*)?\n)+(?=[^\s#])/.exec(this.text.slice(this.at, this.at + 4096));
      // an unclosed bracket must not swallow the rest of the file: a call at the start of a line begins a new statement
      if (
        between !== null &&
        (depth <= 0 ||
          /^[a-z_]+\(/.test(this.text.slice(this.at + between[0].length, this.at + between[0].length + 80)))
      )
        return this.at + between[0].length;
      const gap = /^\s*\n(?=(?:prefix_rule|host_executable|network_rule)\()/.exec(
        this.text.slice(this.at, this.at + 4096),
      );
      if (gap !== null) return this.at + gap[0].length;
    }
  }

  private span(offset: number): Span {
    let low = 0;
    let high = this.starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { file: this.file, line: low + 1, column: offset - (this.starts[low] ?? 0) + 1 };
  }
}

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ["True", true],
  ["False", false],
  ["None", null],
]);
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
};
