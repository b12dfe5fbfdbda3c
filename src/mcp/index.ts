// The door of the MCP room: streams and sockets between clients and servers, and the gatekeeper between them.
export { type Asker, openStreamAsker, type StreamAsker } from "./asker.ts";
export { type Line, LineSplitter } from "./framing.ts";
export { openGatekeeper } from "./gate/keeper.ts";
export type { Gatekeeper, GatekeeperOptions, Passage, Unread, VerifiedPart } from "./gatekeeper.ts";
export { listServer } from "./lister.ts";
export { ownLockFile, readLockFile, updateLockFile } from "./lock-store.ts";
export { dropPending, keepPending, listPending, type PendingKey } from "./pending-store.ts";
export type {
  McpAskVerdict,
  McpCall,
  McpEvent,
  McpOutcome,
  McpPorts,
  McpServerRequest,
  McpVerdict,
} from "./ports.ts";
export { type Lane, pump } from "./pump.ts";
export { sha256 } from "./sha256.ts";
export { type Sink, sinkOver } from "./sink.ts";
export { relayStdio, type StdioEnds, type StdioRelay } from "./stdio.ts";
