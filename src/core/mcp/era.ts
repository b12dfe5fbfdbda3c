// The two ways in which MCP is spoken: with an opening (`initialize`, up to 2025-11-25), or with everything in each request (from 2026-07-28 on).
// A client may try one and then speak the other, so each message is told apart by itself.
import { isObject, type Json, type JsonObject, member } from "./json.ts";

/** `legacy` has sessions; `modern` has none. */
export type McpEra = "legacy" | "modern";

/** The members of `_meta` that a modern request says itself with. */
export const MODERN_META = {
  version: "io.modelcontextprotocol/protocolVersion",
  client: "io.modelcontextprotocol/clientInfo",
  capabilities: "io.modelcontextprotocol/clientCapabilities",
} as const;

/** The only version whose messages may come in batches. */
export const BATCH_VERSION = "2025-03-26";

/** How a request is spoken. */
export function eraOf(method: string, params: JsonObject | undefined): McpEra {
  if (method === "server/discover") return "modern";
  return typeof member(member(params, "_meta"), MODERN_META.version) === "string" ? "modern" : "legacy";
}

/** The part of a modern request's `_meta` that says who asks, for requests of our own on the same terms. */
export function modernMeta(params: JsonObject | undefined): JsonObject {
  const meta = member(params, "_meta");
  const parts = Object.values(MODERN_META).flatMap((key): [string, Json][] => {
    const value = member(meta, key);
    return value === undefined ? [] : [[key, value]];
  });
  return Object.fromEntries(parts);
}

/** Whether it has what every modern request must have: a version and what its client is capable of. */
export function isIntroduction(meta: JsonObject): boolean {
  return typeof meta[MODERN_META.version] === "string" && isObject(meta[MODERN_META.capabilities]);
}
