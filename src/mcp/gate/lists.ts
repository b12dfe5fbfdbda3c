// A client's lists, answered from what has been verified. One page holds nearly everything; the cursor behind it is the gateway's own.
import { type DefinitionKind, type Json, type JsonObject, type McpEra, writeJson } from "#core/mcp";
import type { Served } from "./snapshot.ts";

/** The lists that are answered here, by their method. */
export const LISTS: Readonly<
  Record<string, { readonly kind: DefinitionKind; readonly key: "tools" | "prompts" | "resourceTemplates" }>
> = {
  "tools/list": { kind: "tool", key: "tools" },
  "prompts/list": { kind: "prompt", key: "prompts" },
  "resources/templates/list": { kind: "resourceTemplate", key: "resourceTemplates" },
};

/** Characters of one page. */
const PAGE = 1 << 20;
/** How long a modern client may believe a list: approvals come in between. */
const TTL_MS = 1000;

/** The page behind a cursor; `undefined` for a cursor that is none of this listing. */
export function pageOf(
  served: Served,
  key: "tools" | "prompts" | "resourceTemplates",
  asked: { readonly cursor: Json | undefined; readonly era: McpEra },
): JsonObject | undefined {
  const all = served.verified.description[key];
  const start = startOf(served, asked.cursor, all.length);
  if (start === undefined) return undefined;
  let end = start;
  for (let size = 0; end < all.length && (end === start || size < PAGE); end += 1)
    size += writeJson(all[end] ?? null).length;
  const next = end < all.length ? { nextCursor: `${served.serial}.${end}` } : {};
  const modern: JsonObject =
    asked.era === "modern" ? { resultType: "complete", ttlMs: TTL_MS, cacheScope: "private" } : {};
  return { ...modern, [key]: all.slice(start, end), ...next };
}

function startOf(served: Served, cursor: Json | undefined, length: number): number | undefined {
  if (cursor === undefined) return 0;
  const [, serial, start] = (typeof cursor === "string" && /^([0-9]{1,15})\.([0-9]{1,15})$/.exec(cursor)) || [];
  return Number(serial) === served.serial && Number(start) < length ? Number(start) : undefined;
}
