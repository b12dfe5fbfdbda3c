// What a server says first: the answer to `initialize` (legacy) or to `server/discover` (modern).
import type { McpEra } from "./era.ts";
import { isObject, type Json, type JsonObject, member } from "./json.ts";

/** A server's first words, as far as they have the form that they should have. */
export interface ServerOpening {
  readonly era: McpEra;
  readonly protocolVersion?: string;
  readonly serverInfo?: JsonObject;
  readonly instructions?: string;
  readonly capabilities: JsonObject;
}

/** Where a modern answer says who it comes from, in its `_meta`. */
export const SERVER_INFO = "io.modelcontextprotocol/serverInfo";

/** Reads the result of either. What has another form is left out: it is not served either. */
export function readOpening(era: McpEra, result: Json): ServerOpening {
  const version = member(result, "protocolVersion");
  const info = member(result, "serverInfo") ?? member(member(result, "_meta"), SERVER_INFO);
  const instructions = member(result, "instructions");
  const capabilities = member(result, "capabilities");
  return {
    era,
    ...(typeof version === "string" ? { protocolVersion: version } : {}),
    ...(isObject(info) ? { serverInfo: info } : {}),
    ...(typeof instructions === "string" ? { instructions } : {}),
    capabilities: isObject(capabilities) ? capabilities : {},
  };
}
