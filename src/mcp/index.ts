// The door of the MCP room: streams and sockets between clients and servers, and the gatekeeper between them.
export type { Asker } from "./asker.ts";
export type { Gatekeeper, GatekeeperOptions, Passage, Unread, VerifiedPart } from "./gatekeeper.ts";
export type {
  McpAskVerdict,
  McpCall,
  McpEvent,
  McpOutcome,
  McpPorts,
  McpServerRequest,
  McpVerdict,
} from "./ports.ts";
