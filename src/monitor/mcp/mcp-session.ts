// One session of the gateway, whichever side its server stands on: what judging, asking and recording need, and nothing of transports.
import type { Policy } from "#core/policy";
import type { GuardedSession } from "../guard/guarded-session.ts";
import type { SessionSecrets } from "../leaks/session-secrets.ts";

/** Who speaks with whom. Both names come from a client's configuration: hostile text where they are shown. */
export interface McpPeers {
  readonly server: string;
  readonly client?: string;
}

/** A place that a server wanted to reach, and may not. */
export interface RefusedHost {
  readonly host: string;
  readonly port: number;
  readonly reason: string;
  readonly hint: string;
}

/** What the ports of a gateway are made of. */
export interface McpSession extends McpPeers {
  /** Record, policy, legs and questions: of the server's own session, or of the agent's in whose fence its client runs. */
  readonly guarded: GuardedSession;
  /** As it speaks to this server: `mcp.servers.NAME` stands where the words for the agent stood. */
  readonly policy: Policy;
  /** True: the server runs in a fence without a way out, so nothing that it is told leaves this machine. */
  readonly confined: boolean;
  readonly root: string;
  readonly home: string;
  readonly stateDir: string;
  /** Names the program that screens, with its tables; absent where it has no name, and then nothing that was found is remembered. */
  readonly build?: string | undefined;
  /** The session's secrets, looked for in what the server is told. */
  readonly leaks: Pick<SessionSecrets, "search">;
  /** The session's known secrets taken out. */
  readonly redact: (text: string) => string;
  /** What the server's own fence was refused on the network so far. */
  readonly refused?: (() => readonly RefusedHost[]) | undefined;
  /** One line for the person. */
  readonly tell: (line: string) => void;
}

/** Who asks, as a question names it. */
export function askerOf({ client, server }: McpPeers): string {
  return client ?? `the client of ${server}`;
}
