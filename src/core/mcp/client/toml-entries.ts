// The servers of a TOML file, with places: tables, tables of tables, dotted keys and braces alike.
import { parse, TomlError } from "smol-toml";
import { err, ok, type Problem, type Result } from "../../result.ts";
import type { JsonNode } from "../../settings/json-text.ts";
import { notToml, parseTomlText, type TomlStatement } from "../../settings/toml-text.ts";
import { type Entry, type Leaf, type Place, samePath } from "./entry.ts";

/** Every server below the root. An entry that the two readers of TOML do not see alike is marked. */
export function readTomlEntries(
  text: string,
  file: string,
  root: readonly string[],
): Result<readonly Entry[], Problem> {
  const statements = parseTomlText(text, file);
  if (!statements.ok) return statements;
  const seen = serversOf(text, root);
  if (!seen.ok) return err(notToml({ file, ...seen.error }));
  const leaves = statements.value
    .filter(({ listed }) => !listed)
    .flatMap((statement) => leavesOf(text, statement))
    .filter(({ path }) => path.length > root.length + 1 && samePath(path.slice(0, root.length), root));
  return ok(
    Object.entries(seen.value).map(([name, value]): Entry => {
      const own = leaves.filter(({ path }) => path[root.length] === name).map((leaf) => below(leaf, root.length + 1));
      const entry = { name, place: [...root, name], leaves: own };
      return asText(value) === asText(treeOf(own))
        ? entry
        : { ...entry, unsafe: "two readers of TOML read it differently" };
    }),
  );
}

// What smol-toml reads there, or where it stops.
function serversOf(
  text: string,
  root: readonly string[],
): Result<Readonly<Record<string, unknown>>, { readonly line: number; readonly column: number }> {
  try {
    const whole: unknown = parse(text.replace(/^\ufeff/, ""), { integersAsBigInt: "asNeeded" });
    const found = root.reduce((value, key) => (isTable(value) ? value[key] : undefined), whole);
    return ok(isTable(found) ? found : {});
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    return err({ line: thrown.line, column: thrown.column });
  }
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !("toISOString" in value);
}

function below(leaf: Leaf, depth: number): Leaf {
  return { ...leaf, path: leaf.path.slice(depth), keys: leaf.keys.slice(depth) };
}

function leavesOf(text: string, { keys, depth, start, value }: TomlStatement): readonly Leaf[] {
  const last = keys.at(-1);
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const indent = /^[ \t]*$/.test(text.slice(lineStart, start)) ? text.slice(lineStart, start) : "";
  const line = text.includes("\r\n") ? "\r\n" : "\n";
  const dotted = depth < keys.length && last !== undefined ? text.slice(start, last.start) : "";
  const beside = { before: `${line}${indent}${dotted}`, assign: " = " };
  return valueLeaves(text, value, { path: keys.map(({ key }) => key), keys, beside });
}

type Way = Omit<Leaf, "node">;

function valueLeaves(text: string, node: JsonNode, way: Way): readonly Leaf[] {
  if (node.kind !== "object" || node.members.length === 0) return [{ ...way, node }];
  // Within braces, unless these are the further keys of a dotted one, which begin where their key does.
  const lead = text[node.start] === "{" ? ", " : undefined;
  return node.members.flatMap((member) => {
    const before = lead ?? `${way.beside.before}${text.slice(way.keys.at(-1)?.start ?? member.start, member.start)}`;
    const place: Place = { start: member.start, end: member.keyEnd };
    const inner: Way = {
      path: [...way.path, member.key],
      keys: [...way.keys, place],
      beside: { before, assign: " = " },
    };
    return valueLeaves(text, member.value, inner);
  });
}

function treeOf(leaves: readonly Leaf[]): unknown {
  const root: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const { path, node } of leaves) put(root, path, node);
  return root;
}

function put(table: Record<string, unknown>, path: readonly string[], node: JsonNode): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  const inner = isTable(table[key])
    ? (table[key] as Record<string, unknown>)
    : (Object.create(null) as Record<string, unknown>);
  if (rest.length > 0) {
    table[key] = inner;
    put(inner, rest, node);
  } else table[key] = node.kind === "object" && node.members.length === 0 ? inner : plain(node);
}

function plain(node: JsonNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.members.map(plain);
  const table: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const { key, value } of node.members) {
    const [inner, before] = [plain(value), table[key]];
    table[key] = isTable(inner) && isTable(before) ? { ...before, ...inner } : inner;
  }
  return table;
}

/** One text for equal values: keys in order, dates and great numbers as texts. */
function asText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === "bigint") return String(inner);
    return isTable(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner;
  });
}
