// Requests of the gateway's own to the server, in an id space of their own: the client never sees them or their answers.
import type { Problem, Result } from "#core";
import type { Json, JsonObject, McpMessage } from "#core/mcp";

/** Asks the server something. Each transport gives one. */
export interface Asker {
  request(method: string, params?: JsonObject): Promise<Result<Json, Problem>>;
  /**
   * For transports where our answers come in one stream with the client's: takes the message if it answers a request of ours. Whatever it
   * answers `true` for goes nowhere else.
   */
  settle?(message: McpMessage): boolean;
}
