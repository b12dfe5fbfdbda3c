// One request of a client while it is served.
import type { IncomingMessage, ServerResponse } from "node:http";
import { WIRE_LIMITS } from "#core/mcp";
import type { McpPorts } from "../ports.ts";
import type { Lanes } from "./lanes.ts";

/** What serving it needs. */
export interface Serving {
  readonly asked: IncomingMessage;
  readonly response: ServerResponse;
  readonly lanes: Lanes;
  readonly note: McpPorts["note"];
}

/** The longest body, with room for what surrounds a message. */
export const BODY_MOST: number = WIRE_LIMITS.maxBytes + 65_536;
