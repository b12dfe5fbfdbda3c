// What an MCP server's answer brought, beside what its call already spoke of: the resources that it hands over or points to. Names only; what a text
// says is screening's affair.
import type { LegSource } from "../leg-policy.ts";
import type { LegContext } from "./context.ts";
import { hostKind, hostOfUrl } from "./hosts.ts";
import { readSources } from "./paths.ts";

/** Resources that are looked at in one answer. */
const URIS_MOST = 200;

/** Of the result of a `tools/call`, `prompts/get` or `resources/read`. */
export function outcomeSources(result: unknown, context: LegContext): readonly LegSource[] {
  const sources = new Set<LegSource>();
  for (const uri of urisIn(result)) {
    const path = /^file:\/\/(?:localhost)?(\/.*)$/is.exec(uri)?.[1];
    if (path !== undefined) for (const source of readSources(decoded(path), context)) sources.add(source);
    const host = /^(?:https?|wss?|ftp):/i.test(uri) ? hostOfUrl(uri, false) : undefined;
    const kind = host === undefined ? "local" : hostKind(host, context);
    // it was brought, so outsiders' words are here; nothing was sent by that
    if (kind === "web") sources.add("mcp-result");
    if (kind === "private-host" || kind === "credential") sources.add(kind);
  }
  return [...sources];
}

/** `content[].uri`, `content[].resource.uri`, `contents[].uri`, and the same in a prompt's messages. */
function urisIn(result: unknown): readonly string[] {
  const blocks = [member(result, "content"), member(result, "contents")].flatMap(list);
  const said = list(member(result, "messages")).flatMap((message) => {
    const content = member(message, "content");
    return Array.isArray(content) ? content : [content];
  });
  return [...blocks, ...said]
    .flatMap((block) => [member(block, "uri"), member(member(block, "resource"), "uri")])
    .filter((uri) => typeof uri === "string")
    .slice(0, URIS_MOST);
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
