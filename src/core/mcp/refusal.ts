// How a request is refused. A call of a tool gets a result, so that the model reads why; whatever has no such form gets an error.
import type { McpEra } from "./era.ts";
import type { Json } from "./json.ts";
import type { McpError, McpFailure, McpId, McpMessage } from "./message.ts";

/** Errors of the gateway. `refused` lies outside of what JSON-RPC and MCP keep for themselves. */
export const REFUSAL = {
  refused: -31403,
  parse: -32700,
  invalidRequest: -32600,
  unknownMethod: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** What clients answer for a person that said no. */
  rejectedByUser: -1,
} as const;

/** A refusal with an error's number. */
export function failure(id: McpId, code: number, text: string): McpFailure {
  const error: McpError = { code, message: text };
  return { kind: "error", id, error };
}

/** The refusal of a request of the client; `text` is for the model. */
export function refusalOf(
  request: { readonly id: McpId; readonly method: string },
  era: McpEra,
  text: string,
): McpMessage {
  if (request.method !== "tools/call") return failure(request.id, REFUSAL.refused, text);
  const said: Json = { content: [{ type: "text", text }], isError: true };
  return { kind: "response", id: request.id, result: era === "modern" ? { resultType: "complete", ...said } : said };
}

/** The refusal of what a server wants of the client: a person's no, in the form that the method has for it. */
export function wishRefusal(id: McpId, method: string, text: string): McpMessage {
  return method === "elicitation/create"
    ? { kind: "response", id, result: { action: "decline" } }
    : failure(id, REFUSAL.rejectedByUser, text);
}
