// The door of MCP's words: JSON and JSON-RPC as data, what a server says of itself, what of it may be served. Pure.
export type { Held, Verified } from "./approved.ts";
export {
  DEFINITIONS,
  type Definition,
  type DefinitionKind,
  definitionsOf,
  type ServerDescription,
  textAt,
} from "./description.ts";
export { BATCH_VERSION, eraOf, type McpEra, MODERN_META, modernMeta } from "./era.ts";
export {
  ExactNumber,
  isList,
  isObject,
  type Json,
  type JsonObject,
  member,
  writeJson,
} from "./json.ts";
export { type JsonLimits, readJson, readJsonText, WIRE_LIMITS } from "./json-read.ts";
export type { JsonFault } from "./json-scan.ts";
export {
  isId,
  type McpError,
  type McpFailure,
  type McpId,
  type McpMessage,
  type McpNotification,
  type McpRequest,
  type McpResponse,
  type MessageFault,
  readMessage,
  writeMessage,
} from "./message.ts";
export type { Finding } from "./screen/finding.ts";
