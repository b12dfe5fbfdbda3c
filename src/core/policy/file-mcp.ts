// `mcp` of one policy file as the schema accepts it.
import type { ServerSource } from "../session/leg-policy.ts";
import type { EnvFile, SandboxFile } from "./file-sandbox.ts";
import type { WorkspaceKind } from "./policy.ts";

/** What one server is allowed, and what it stands for. */
export interface McpServerFile {
  readonly sampling?: "deny" | "ask" | "allow" | undefined;
  readonly elicitation?: "deny" | "ask" | undefined;
  readonly sources?: readonly ServerSource[] | undefined;
  /** The command that this entry speaks of: no other gets what it gives. */
  readonly command?: readonly string[] | undefined;
  /** Its fence, in the words of the agent's own (server-view.ts). */
  readonly workspace?: WorkspaceKind | undefined;
  readonly runtime?: string | undefined;
  readonly filesystem?: SandboxFile["filesystem"];
  readonly network?: SandboxFile["network"];
  readonly limits?: SandboxFile["limits"];
  readonly env?: EnvFile | undefined;
  readonly credentials?: readonly string[] | undefined;
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
