// `mcp` of one policy file as the schema accepts it.
import type { ServerSource } from "../session/leg-policy.ts";

/** What one server is allowed, and what it stands for. */
export interface McpServerFile {
  readonly sampling?: "deny" | "ask" | "allow" | undefined;
  readonly elicitation?: "deny" | "ask" | undefined;
  readonly sources?: readonly ServerSource[] | undefined;
}

/** The key `mcp`. */
export interface McpFile {
  readonly lock?: string | undefined;
  readonly mode?: "frozen" | "ask" | "off" | undefined;
  readonly sampling?: "deny" | "ask" | "allow" | undefined;
  readonly elicitation?: "deny" | "ask" | undefined;
  readonly results?: "hold" | "mark" | undefined;
  readonly servers?: Readonly<Record<string, McpServerFile>> | undefined;
}
