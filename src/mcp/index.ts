// The door of the MCP room: streams and sockets between clients and servers, and the gatekeeper between them.
export type { Asker } from "./asker.ts";
export type { Gatekeeper, GatekeeperOptions, Passage, Unread, VerifiedPart } from "./gatekeeper.ts";
export { listServer } from "./lister.ts";
export { ownLockFile, readLockFile, updateLockFile } from "./lock-store.ts";
export type {
  McpAskVerdict,
  McpCall,
  McpEvent,
  McpOutcome,
  McpPorts,
  McpServerRequest,
  McpVerdict,
} from "./ports.ts";
export { sha256 } from "./sha256.ts";
