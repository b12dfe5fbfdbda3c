// Inserts into JSON text and takes out of it again, touching no other byte: order, comments, indentation, line ends and BOM stay. Pure.
// What is inserted directly behind a value is taken out to the last character when nobody changed it in between.
import { err, ok, type Problem, type Result } from "../result.ts";
import {
  type JsonList,
  type JsonMember,
  type JsonNode,
  type JsonObject,
  memberOf,
  parseJsonText,
} from "./json-text.ts";

/** Adds `value` at the end of the list at `path`; objects and the list are made where they are missing. */
export function appendTo(text: string, file: string, path: readonly string[], value: unknown): Result<string, Problem> {
  return change(text, file, path, (node, rest) =>
    rest.length > 0 && node.kind === "object"
      ? insertBehind(text, node, `${JSON.stringify(rest[0])}: `, nested(rest.slice(1), [value]))
      : rest.length === 0 && node.kind === "list"
        ? insertBehind(text, node, "", value)
        : undefined,
  );
}

/** Sets a key of the outermost object where it is missing. */
export function setMissing(text: string, file: string, key: string, value: unknown): Result<string, Problem> {
  return change(text, file, [key], (node, rest) =>
    rest.length > 0 && node.kind === "object" ? insertBehind(text, node, `${JSON.stringify(key)}: `, value) : text,
  );
}

/** Takes a member out, with the comma that belongs to it. */
export function cutMember(text: string, body: JsonObject | JsonList, index: number): string {
  const member = body.members[index];
  if (member === undefined) return text;
  const [before, after] = [body.members[index - 1], body.members[index + 1]];
  const own = body.commas[index] ?? -1;
  const space = (from: number, to: number): boolean => /^[\s,]*$/.test(text.slice(from, to));
  if (
    before === undefined &&
    after === undefined &&
    space(body.start + 1, member.start) &&
    space(member.end, body.end - 1)
  )
    return splice(text, body.start + 1, body.end - 1);
  if (before !== undefined && space(before.end, member.start)) return splice(text, before.end, member.end);
  if (after !== undefined && space(member.end, after.start)) return splice(text, member.start, after.start);
  // Somebody's comment stands in between: it stays, and one comma goes.
  const comma = own >= 0 ? own : (body.commas[index - 1] ?? -1);
  if (comma < 0) return splice(text, member.start, member.end);
  return comma > member.start
    ? splice(splice(text, comma, comma + 1), member.start, member.end)
    : splice(splice(text, member.start, member.end), comma, comma + 1);
}

/** The node at a path, or undefined. */
export function nodeAt(root: JsonNode, path: readonly string[]): JsonNode | undefined {
  return path.reduce<JsonNode | undefined>((node, key) => node && memberOf(node, key)?.value, root);
}

type Change = (node: JsonNode, rest: readonly string[]) => string | undefined;

// Walks as far as the path leads and changes what is there; an empty file is an empty object.
function change(text: string, file: string, path: readonly string[], edit: Change): Result<string, Problem> {
  const root = parseJsonText(text, file);
  if (!root.ok) return root;
  let node = root.value;
  let rest = path;
  for (let next = memberOf(node, rest[0] ?? ""); next !== undefined && rest.length > 0; ) {
    node = next.value;
    rest = rest.slice(1);
    next = memberOf(node, rest[0] ?? "");
  }
  const changed = edit(node, rest);
  if (changed !== undefined) return ok(changed);
  const before = text.slice(0, node.start).split(/\r\n|\n|\r/);
  const at = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  const message = `\`${path.slice(0, path.length - rest.length).join(".") || "the file"}\` is not what the agent reads there`;
  return err({ code: "settings-shape", message, at, hint: "mend the file first" });
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

function insertBehind(text: string, body: JsonObject | JsonList, prefix: string, value: unknown): string {
  const style = styleOf(text);
  const last: JsonMember | JsonNode | undefined = body.members.at(-1);
  const outer = indentOfLine(text, body.start);
  const inner = last === undefined ? outer + style.unit : indentOfMember(text, last.start, outer + style.unit);
  const written = `${style.line}${inner}${prefix}${printed(value, style, inner)}`;
  if (last !== undefined) return `${text.slice(0, last.end)},${written}${text.slice(last.end)}`;
  const content = text.slice(body.start + 1, body.end - 1);
  // What stands in an empty body is space, or somebody's comment, which keeps its place.
  const tail =
    content.trim() === ""
      ? `${style.line}${outer}`
      : content.startsWith("\n") || content.startsWith("\r")
        ? ""
        : style.line;
  const kept = content.trim() === "" ? "" : content;
  return `${text.slice(0, body.start + 1)}${written}${tail}${kept}${text.slice(body.end - 1)}`;
}

interface Style {
  readonly unit: string;
  readonly line: string;
}

function styleOf(text: string): Style {
  const line = /\r\n/.test(text) ? "\r\n" : "\n";
  const unit = /^[^\S\r\n]+(?=")/m.exec(text)?.[0] ?? "  ";
  return { unit, line };
}

function printed(value: unknown, { unit, line }: Style, indent: string): string {
  return JSON.stringify(value, undefined, unit).split("\n").join(`${line}${indent}`);
}

function indentOfLine(text: string, at: number): string {
  const start = Math.max(text.lastIndexOf("\n", at - 1), text.lastIndexOf("\r", at - 1)) + 1;
  return /^\ufeff?([^\S\r\n]*)/.exec(text.slice(start, at))?.[1] ?? "";
}

// Members that share a line with others have no indentation of their own to copy.
function indentOfMember(text: string, at: number, otherwise: string): string {
  const start = Math.max(text.lastIndexOf("\n", at - 1), text.lastIndexOf("\r", at - 1)) + 1;
  const before = text.slice(start, at);
  return start > 0 && before.trim() === "" ? before : otherwise;
}

function splice(text: string, from: number, to: number): string {
  return text.slice(0, from) + text.slice(to);
}
