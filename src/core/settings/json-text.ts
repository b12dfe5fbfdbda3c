// JSON as people write it (comments, trailing commas, a BOM) with the place of everything, so that a settings file is changed by cutting and
// inserting text and never written anew. Pure. What two parsers could read differently (a key twice) is an error here.
import { err, ok, type Problem, type Result } from "../result.ts";

/** One value and where it stands: `[start, end)` in UTF-16 units. */
export type JsonNode = JsonObject | JsonList | JsonScalar;

/** An object. `commas[i]` is the place of the comma behind member `i`, or -1. */
export interface JsonObject {
  readonly kind: "object";
  readonly start: number;
  readonly end: number;
  readonly members: readonly JsonMember[];
  readonly commas: readonly number[];
}

/** A key with its value; it begins at the key's quote. */
export interface JsonMember {
  readonly key: string;
  readonly start: number;
  /** Behind the key. */
  readonly keyEnd: number;
  readonly end: number;
  readonly value: JsonNode;
}

/** A list. `commas` as in an object. */
export interface JsonList {
  readonly kind: "list";
  readonly start: number;
  readonly end: number;
  readonly members: readonly JsonNode[];
  readonly commas: readonly number[];
}

/** A string, number, boolean or null. */
export interface JsonScalar {
  readonly kind: "scalar";
  readonly start: number;
  readonly end: number;
  readonly value: string | number | boolean | null;
}

const DEPTH_MOST = 200;
const SCALAR =
  /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const SPACE = /(?:[ \t\r\n]|\/\/[^\r\n]*|\/\*[\s\S]*?\*\/)*/y;
const PLAIN_SPACE = /[ \t\r\n]*/y;

/** What a reader takes beyond plain JSON. */
export interface JsonForm {
  readonly bom: boolean;
  readonly comments: boolean;
  readonly trailingCommas: boolean;
}

const AS_PEOPLE_WRITE: JsonForm = { bom: true, comments: true, trailingCommas: true };

/** Reads a whole file, in any form or as one reader takes it. The error says line and column. */
export function parseJsonText(text: string, file: string, form: JsonForm = AS_PEOPLE_WRITE): Result<JsonNode, Problem> {
  const scanner: Scanner = { text, form, at: form.bom && text.startsWith("\ufeff") ? 1 : 0 };
  const root = readNode(scanner, 0);
  if (root !== undefined) skip(scanner);
  if (root !== undefined && scanner.at === text.length) return ok(root);
  const before = text.slice(0, scanner.at).split(/\r\n|\n|\r/);
  const at = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  return err({
    code: "not-json",
    message:
      form === AS_PEOPLE_WRITE
        ? "this is not JSON that can be changed safely"
        : "the agent stops reading here and skips the whole file, its hooks too",
    at,
    hint: "mend the file first",
  });
}

/** The value as a program sees it. */
export function jsonValue(node: JsonNode): unknown {
  switch (node.kind) {
    case "object":
      return Object.fromEntries(node.members.map(({ key, value }) => [key, jsonValue(value)]));
    case "list":
      return node.members.map(jsonValue);
    case "scalar":
      return node.value;
    default:
      return node satisfies never;
  }
}

/** The member of a key. */
export function memberOf(node: JsonNode, key: string): JsonMember | undefined {
  return node.kind === "object" ? node.members.find((member) => member.key === key) : undefined;
}

interface Scanner {
  readonly text: string;
  readonly form: JsonForm;
  /** How far it was read; where it stopped, when it is not JSON. */
  at: number;
}

function skip(scanner: Scanner): void {
  const space = scanner.form.comments ? SPACE : PLAIN_SPACE;
  space.lastIndex = scanner.at;
  space.exec(scanner.text);
  scanner.at = space.lastIndex;
}

function take(scanner: Scanner, character: string): boolean {
  skip(scanner);
  if (scanner.text[scanner.at] !== character) return false;
  scanner.at += 1;
  return true;
}

function readScalar(scanner: Scanner): JsonScalar | undefined {
  skip(scanner);
  SCALAR.lastIndex = scanner.at;
  const start = scanner.at;
  const found = SCALAR.exec(scanner.text)?.[0];
  if (found === undefined) return undefined;
  scanner.at = start + found.length;
  return { kind: "scalar", start, end: scanner.at, value: JSON.parse(found) as JsonScalar["value"] };
}

function readNode(scanner: Scanner, depth: number): JsonNode | undefined {
  if (depth > DEPTH_MOST) return undefined;
  if (take(scanner, "{")) return readBody(scanner, "}", (s) => readMember(s, depth), objectOf);
  if (take(scanner, "[")) return readBody(scanner, "]", (s) => readNode(s, depth + 1), listOf);
  return readScalar(scanner);
}

function readMember(scanner: Scanner, depth: number): JsonMember | undefined {
  const key = readScalar(scanner);
  if (typeof key?.value !== "string") {
    scanner.at = key?.start ?? scanner.at;
    return undefined;
  }
  const value = take(scanner, ":") ? readNode(scanner, depth + 1) : undefined;
  return value === undefined ? undefined : { key: key.value, start: key.start, keyEnd: key.end, end: value.end, value };
}

interface Body<T> {
  readonly start: number;
  readonly end: number;
  readonly members: readonly T[];
  readonly commas: readonly number[];
}

function readBody<T>(
  scanner: Scanner,
  close: string,
  readOne: (scanner: Scanner) => T | undefined,
  make: (body: Body<T>, scanner: Scanner) => JsonNode | undefined,
): JsonNode | undefined {
  const start = scanner.at - 1;
  const members: T[] = [];
  const commas: number[] = [];
  while (!take(scanner, close)) {
    // after a member comes a comma or the end
    if (members.length > commas.length) return undefined;
    const member = readOne(scanner);
    if (member === undefined) return undefined;
    members.push(member);
    if (take(scanner, ",")) commas.push(scanner.at - 1);
  }
  if (!scanner.form.trailingCommas && members.length > 0 && commas.length === members.length) {
    scanner.at = commas.at(-1) ?? start;
    return undefined;
  }
  return make({ start, end: scanner.at, members, commas: members.map((_, index) => commas[index] ?? -1) }, scanner);
}

function objectOf(body: Body<JsonMember>, scanner: Scanner): JsonObject | undefined {
  const seen = new Set<string>();
  const twice = body.members.find(({ key }) => seen.size === seen.add(key).size);
  if (twice === undefined) return { kind: "object", ...body };
  scanner.at = twice.start;
  return undefined;
}

function listOf(body: Body<JsonNode>): JsonList {
  return { kind: "list", ...body };
}
