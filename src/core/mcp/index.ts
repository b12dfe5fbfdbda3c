// The door of MCP's words: JSON and JSON-RPC as data, what a server says of itself, what of it may be served. Pure.
export {
  findingKey,
  type Held,
  type HeldWhy,
  type PinMode,
  stricter,
  type Verified,
  verifyDescription,
} from "./approved.ts";
export { type ChangeLine, changeLines, differences, linesOfChange } from "./change-lines.ts";
export {
  DEFINITIONS,
  type Definition,
  type DefinitionKind,
  definitionsOf,
  type ServerDescription,
  textAt,
} from "./description.ts";
export { changedFields, type DescriptionDiff, diffDescriptions } from "./description-diff.ts";
export { type ReadDescription, readDescription } from "./description-read.ts";
export { type Change, diffThings, type FieldChange } from "./diff.ts";
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
export { EMPTY_LOCK, type Lock, lockOf, type ServerLock, withPin, withServer } from "./lock.ts";
export { readLock } from "./lock-read.ts";
export { lockText, pointer as pointerOf } from "./lock-text.ts";
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
export {
  definitionDigest,
  type FoundPin,
  type Pin,
  type PinKind,
  pinDigest,
  pinKey,
  pinsOf,
  pinText,
  type Sha256,
} from "./pin.ts";
export type { Finding } from "./screen/finding.ts";
export {
  commandTarget,
  isSameTarget,
  type PackagePin,
  type ServerTarget,
  targetText,
  urlTarget,
} from "./target.ts";
