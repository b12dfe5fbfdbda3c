// The headers that mirror a modern request's body (revision 2026-07-28, Request Metadata). They are made from the body; a client's own are compared
// with it and are never what decides. Pure.
import { eraOf, isObject, type Json, type JsonObject, type McpMessage, MODERN_META, member } from "#core/mcp";
import { decodeHeaderValue, encodeHeaderValue } from "./header-value.ts";

/** Header fields by their lower-case names, as Node gives them. */
export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A parameter of a tool that its server wants to see in a header. */
export interface MirroredParameter {
  /** `mcp-param-…`, lower case. */
  readonly field: string;
  /** The keys that lead to it in the arguments. */
  readonly path: readonly string[];
}

/** Which member of `params` the `Mcp-Name` header holds. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);
const PREFIX = "mcp-param-";
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;
const MIRRORED_TYPES: readonly (Json | undefined)[] = ["string", "integer", "boolean"];
const NODES_MOST = 20_000;

/** The parameters that a tool's `inputSchema` annotates; a text where an annotation breaks the rules, and the tool with it. */
export function mirroredParameters(tool: JsonObject): readonly MirroredParameter[] | string {
  const found: MirroredParameter[] = [];
  // Walked without recursion: a schema is a stranger's. `path` is there only along `properties`.
  const rest: { readonly node: Json; readonly path: readonly string[] | undefined }[] = [
    { node: member(tool, "inputSchema") ?? null, path: [] },
  ];
  for (let seen = 0; rest.length > 0; seen++) {
    if (seen > NODES_MOST) return "its schema is too large";
    const { node, path } = rest.pop() ?? { node: null, path: undefined };
    if (Array.isArray(node)) for (const one of node as readonly Json[]) rest.push({ node: one, path: undefined });
    if (!isObject(node)) continue;
    const name = member(node, "x-mcp-header");
    if (name !== undefined) {
      if (typeof name !== "string" || !TOKEN.test(name)) return "an `x-mcp-header` is no header's name";
      if (path === undefined || path.length === 0) return `\`x-mcp-header\` ${name} stands where no plain parameter is`;
      if (!MIRRORED_TYPES.includes(member(node, "type"))) return `\`x-mcp-header\` ${name} is on no plain type`;
      const field = PREFIX + name.toLowerCase();
      if (found.some((one) => one.field === field)) return `\`x-mcp-header\` ${name} is there twice`;
      found.push({ field, path });
    }
    for (const [key, value] of Object.entries(node)) {
      if (DATA_KEYWORDS.has(key)) continue;
      if (key === "properties" && isObject(value))
        for (const [property, schema] of Object.entries(value))
          rest.push({ node: schema, path: path === undefined ? undefined : [...path, property] });
      else rest.push({ node: value, path: undefined });
    }
  }
  return found;
}

/** Keywords whose values are data and no schemas. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(["const", "enum", "default", "examples", "x-mcp-header"]);

/** The headers of one message of the modern era, for the way out; none for other messages. */
export function mirrorHeaders(
  message: McpMessage,
  parameters: readonly MirroredParameter[],
): Readonly<Record<string, string>> {
  if (message.kind !== "request" || eraOf(message.method, message.params) !== "modern") return {};
  const fields: Record<string, string> = { "mcp-method": message.method };
  const version = versionOf(message.params);
  if (version !== undefined) fields["mcp-protocol-version"] = version;
  const name = nameOf(message);
  if (name !== undefined) fields["mcp-name"] = encodeHeaderValue(name);
  if (message.method !== "tools/call") return fields;
  for (const { field, path } of parameters) {
    const text = plainText(valueAt(member(message.params, "arguments"), path));
    if (text !== undefined) fields[field] = encodeHeaderValue(text);
  }
  return fields;
}

/** How a client's headers differ from its body, in words; `undefined` where they agree. */
export function headerMismatch(
  fields: Fields,
  message: McpMessage,
  parameters: readonly MirroredParameter[],
): string | undefined {
  if (message.kind !== "request" || eraOf(message.method, message.params) !== "modern") return undefined;
  const version = versionOf(message.params);
  // A `server/discover` without a version is answered by the server itself.
  if (version !== undefined) {
    const differs = compared("MCP-Protocol-Version", fields["mcp-protocol-version"], version);
    if (differs !== undefined) return differs;
  }
  const method = compared("Mcp-Method", fields["mcp-method"], message.method);
  if (method !== undefined) return method;
  const name = nameOf(message);
  if (name === undefined ? NAMED.has(message.method) === false && fields["mcp-name"] !== undefined : false)
    return "an Mcp-Name header, but the body has no name";
  if (name !== undefined) {
    const differs = compared("Mcp-Name", fields["mcp-name"], name, decodeHeaderValue);
    if (differs !== undefined) return differs;
  }
  if (message.method !== "tools/call") return undefined;
  for (const { field, path } of parameters) {
    const value = valueAt(member(message.params, "arguments"), path);
    const text = plainText(value);
    if (text === undefined) continue;
    const isSame = (a: string): boolean =>
      typeof value === "number" && /^-?\d+(?:\.0+)?$/.test(a) && Number(a) === value;
    const given = fields[field];
    const decoded = typeof given === "string" ? decodeHeaderValue(given) : undefined;
    if (decoded !== undefined && isSame(decoded)) continue;
    const differs = compared(field, given, text, decodeHeaderValue);
    if (differs !== undefined) return differs;
  }
  return undefined;
}

/** Headers of parameters that this gateway knows no schema of: they pass (an intermediary must forward them), if they are headers at all. */
export function unknownParameters(
  fields: Fields,
  known: readonly MirroredParameter[],
): Readonly<Record<string, string>> {
  const passing = Object.entries(fields).filter(
    (entry): entry is [string, string] =>
      entry[0].startsWith(PREFIX) &&
      typeof entry[1] === "string" &&
      decodeHeaderValue(entry[1]) !== undefined &&
      !known.some(({ field }) => field === entry[0]),
  );
  return Object.fromEntries(passing);
}

function compared(
  name: string,
  header: string | readonly string[] | undefined,
  body: string,
  decode: (text: string) => string | undefined = (text) => text,
): string | undefined {
  if (header === undefined) return `the ${name} header is missing`;
  const text = typeof header === "string" ? decode(header) : undefined;
  if (text === undefined) return `the ${name} header holds what no header may`;
  return text === body ? undefined : `the ${name} header is not what the body says`;
}

function versionOf(params: JsonObject | undefined): string | undefined {
  const version = member(member(params, "_meta"), MODERN_META.version);
  return typeof version === "string" && /^[\x21-\x7e]{1,64}$/.test(version) ? version : undefined;
}

function nameOf(message: Extract<McpMessage, { kind: "request" }>): string | undefined {
  const key = NAMED.get(message.method);
  const name = key === undefined ? undefined : member(message.params, key);
  return typeof name === "string" ? name : undefined;
}

function valueAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((node, key) => member(node, key), value);
}

/** As the specification turns values to text; `undefined` for what has no header. */
function plainText(value: Json | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : undefined;
}
