// TOML with the place of every key and value, so that a file is changed by cutting and inserting text. Pure. A second reader beside smol-toml,
// which knows no places: whoever changes a file compares what both read, and leaves it alone where they differ.
import { parse, TomlError } from "smol-toml";
import { err, ok, type Problem, type Result, type Span } from "../result.ts";
import type { JsonMember, JsonNode } from "./json-text.ts";

/** One `key = value` below the header of its table, or a header, which is an empty table by itself. */
export interface TomlStatement {
  /** The header's keys and the statement's own, in order. */
  readonly keys: readonly TomlKey[];
  /** How many of them stand in the header. */
  readonly depth: number;
  /** Where its line's first key or bracket is. */
  readonly start: number;
  readonly value: JsonNode;
  /** True below a `[[header]]`: its path alone does not say which one. */
  readonly listed: boolean;
}

/** One key and where it is written, quotes included. */
export interface TomlKey {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

const DEPTH_MOST = 100;
const BLANK = /(?:[ \t\r\n]|#[^\n]*)*/y;
const SPACE = /[ \t]*/y;
const KEY = /[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
const TEXT = /"""(?:[^\\]|\\[\s\S])*?"{3,5}|'''[\s\S]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
const OTHER = /\d{4}-\d{2}-\d{2} \d{2}:[^\s,\]}#]+|[^\s,\]}#]+/y;

/** Every statement of the file, in its order. */
export function parseTomlText(text: string, file: string): Result<readonly TomlStatement[], Problem> {
  const scanner: Scanner = { text, at: text.startsWith("\ufeff") ? 1 : 0 };
  try {
    return ok(readAll(scanner));
  } catch (thrown) {
    if (thrown !== UNREADABLE && !(thrown instanceof TomlError)) throw thrown;
    const before = text.slice(0, scanner.at).split("\n");
    return err(notToml({ file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }));
  }
}

/** What is said of a file that one of two readers of TOML does not take. */
export function notToml(at: Span): Problem {
  return { code: "not-toml", message: "this is not TOML that can be changed safely", at, hint: "mend the file first" };
}

interface Scanner {
  readonly text: string;
  at: number;
}

const UNREADABLE = new Error("not TOML");

function readAll(scanner: Scanner): readonly TomlStatement[] {
  const statements: TomlStatement[] = [];
  let table: readonly TomlKey[] = [];
  let listed = false;
  for (skip(scanner, BLANK); scanner.at < scanner.text.length; skip(scanner, BLANK)) {
    const start = scanner.at;
    if (take(scanner, "[")) {
      listed = take(scanner, "[");
      table = readKeys(scanner);
      if (!take(scanner, "]") || (listed && !take(scanner, "]"))) throw UNREADABLE;
      const value = { kind: "object", start: scanner.at, end: scanner.at, members: [], commas: [] } as const;
      statements.push({ keys: table, depth: table.length, start, value, listed });
    } else {
      const keys = [...table, ...readKeys(scanner)];
      expect(scanner, "=");
      statements.push({ keys, depth: table.length, start, value: readValue(scanner, 0), listed });
    }
    endLine(scanner);
  }
  return statements;
}

function readKeys(scanner: Scanner): readonly TomlKey[] {
  const keys: TomlKey[] = [];
  do {
    skip(scanner, SPACE);
    const start = scanner.at;
    const raw = match(scanner, KEY);
    keys.push({ key: /^["']/.test(raw) ? String(decoded(raw)) : raw, start, end: scanner.at });
    skip(scanner, SPACE);
  } while (take(scanner, "."));
  return keys;
}

function readValue(scanner: Scanner, depth: number): JsonNode {
  if (depth > DEPTH_MOST) throw UNREADABLE;
  skip(scanner, SPACE);
  const start = scanner.at;
  if (take(scanner, "[")) {
    const { members, commas } = readBody(scanner, "]", () => readValue(scanner, depth + 1));
    return { kind: "list", start, end: scanner.at, members, commas };
  }
  if (take(scanner, "{")) {
    const { members, commas } = readBody(scanner, "}", () => readMember(scanner, depth + 1));
    return { kind: "object", start, end: scanner.at, members, commas };
  }
  const raw = /^["']/.test(scanner.text[start] ?? "") ? match(scanner, TEXT) : match(scanner, OTHER);
  return { kind: "scalar", start, end: scanner.at, value: decoded(raw) };
}

// `a.b = 1` within braces is `a = { b = 1 }` to everybody who reads the keys.
function readMember(scanner: Scanner, depth: number): JsonMember {
  const keys = readKeys(scanner);
  expect(scanner, "=");
  const value = readValue(scanner, depth);
  const member = ({ key, start, end }: TomlKey, inner: JsonNode): JsonMember => ({
    key,
    start,
    keyEnd: end,
    end: inner.end,
    value: inner,
  });
  const [last, ...outer] = [...keys].reverse();
  if (last === undefined) throw UNREADABLE;
  let whole = member(last, value);
  for (const key of outer)
    whole = member(key, { kind: "object", start: whole.start, end: whole.end, members: [whole], commas: [-1] });
  return whole;
}

function readBody<T>(
  scanner: Scanner,
  close: string,
  readOne: () => T,
): { readonly members: readonly T[]; readonly commas: readonly number[] } {
  const members: T[] = [];
  const commas: number[] = [];
  for (skip(scanner, BLANK); !take(scanner, close); skip(scanner, BLANK)) {
    if (members.length > commas.length) throw UNREADABLE;
    members.push(readOne());
    skip(scanner, BLANK);
    if (take(scanner, ",")) commas.push(scanner.at - 1);
  }
  return { members, commas: members.map((_, index) => commas[index] ?? -1) };
}

function decoded(raw: string): string | number | boolean {
  const { v } = parse(`v = ${raw}`, { integersAsBigInt: "asNeeded" });
  return typeof v === "number" || typeof v === "boolean" ? v : String(v);
}

function skip(scanner: Scanner, space: RegExp): void {
  space.lastIndex = scanner.at;
  space.exec(scanner.text);
  scanner.at = space.lastIndex;
}

function take(scanner: Scanner, character: string): boolean {
  if (scanner.text[scanner.at] !== character) return false;
  scanner.at += 1;
  return true;
}

function expect(scanner: Scanner, character: string): void {
  skip(scanner, SPACE);
  if (!take(scanner, character)) throw UNREADABLE;
}

function match(scanner: Scanner, pattern: RegExp): string {
  pattern.lastIndex = scanner.at;
  const found = pattern.exec(scanner.text)?.[0];
  if (found === undefined) throw UNREADABLE;
  scanner.at += found.length;
  return found;
}

function endLine(scanner: Scanner): void {
  skip(scanner, SPACE);
  const rest = /(?:#[^\n]*)?(?:\r?\n|$)/y;
  rest.lastIndex = scanner.at;
  const end = rest.exec(scanner.text);
  if (end === null) throw UNREADABLE;
  scanner.at += end[0].length;
}
