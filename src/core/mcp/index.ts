// The door of MCP's words: JSON and JSON-RPC as data, what a server says of itself, what of it may be served. Pure.
export {
  findingKey,
  type Held,
  type HeldWhy,
  holdOther,
  type PinMode,
  stricter,
  type Verified,
  verifyDescription,
} from "./approved.ts";
export { type ChangeLine, changeLines, differences, linesOfChange } from "./change-lines.ts";
export { CLIENT_IDS, CLIENTS, type ClientId, clientNamed } from "./client/client.ts";
export { readEntries } from "./client/entries.ts";
export { clientOfFile } from "./client/file-name.ts";
export { isProtocolHeader } from "./client/http-server.ts";
export { AGENT_FOLDERS, type ClientFile, clientFiles } from "./client/places.ts";
export { clientServer, entryValues } from "./client/server.ts";
export {
  type EntryHints,
  type EntryOutcome,
  type Rewritten,
  unwrapText,
  wrapText,
} from "./client/wrap.ts";
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
export { BATCH_VERSION, eraOf, isIntroduction, type McpEra, MODERN_META, modernMeta } from "./era.ts";
export { readFindings } from "./finding-read.ts";
export { findingWords } from "./finding-words.ts";
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
export { approvedByBoth, EMPTY_LOCK, type Lock, lockOf, type ServerLock, withPin, withServer } from "./lock.ts";
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
export { readOpening, SERVER_INFO, type ServerOpening } from "./opening.ts";
export { type OtherServer, otherServerWords, otherServerWordsForModel } from "./other-server.ts";
export { packageSpec } from "./package-spec.ts";
export { type Pending, pendingText, readPending } from "./pending.ts";
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
export { failure, REFUSAL, refusalOf, wishRefusal } from "./refusal.ts";
export type { Finding } from "./screen/finding.ts";
export { objectOf } from "./served.ts";
export { STRAY_ENDS, type Stray, strayOf } from "./stray-id.ts";
export {
  commandTarget,
  isSameTarget,
  type PackagePin,
  type ServerTarget,
  targetHere,
  targetKey,
  targetText,
  urlTarget,
} from "./target.ts";
export { propertiesOf, twinKey } from "./twin-keys.ts";
