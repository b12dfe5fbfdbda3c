// `mcp` of one policy file as the schema accepts it.
import type { ServerSource } from "../session/leg-policy.ts";
import type { PolicyFile } from "./file.ts";
import type { WorkspaceKind } from "./policy.ts";

type Sandbox = NonNullable<PolicyFile["sandbox"]>;

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
  readonly filesystem?: Sandbox["filesystem"];
  readonly network?: Sandbox["network"];
  readonly limits?: Sandbox["limits"];
  readonly env?: PolicyFile["env"];
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
