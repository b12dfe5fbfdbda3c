// A server that runs in the fence of its session, as whoever speaks with it has it.
import type { Json } from "#core/log";
import type { Fence, FenceStreams } from "#sandbox";
import type { McpPeers, McpSession } from "./mcp-session.ts";

/** What `runSession` is asked for beside a command. */
export interface ServerSession extends McpPeers {
  /** The variables that the client's entry for this server declares, as far as they are set: paths in them are shown to it. */
  readonly declared: Readonly<Record<string, string>>;
  /** Takes over. Must not throw. */
  readonly serve: (server: RunningServer) => void;
}

/** The declared variables that are set in an environment. */
export function declaredIn(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ServerSession["declared"] {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** As `session.open` tells it. */
export function mcpData(gateway: McpPeers | undefined): { readonly mcp?: Json } {
  if (gateway === undefined) return {};
  const { server, client } = gateway;
  return { mcp: { server, ...(client === undefined ? {} : { client }) } };
}

/** It runs, and has not been sent anything. */
export interface RunningServer {
  readonly session: McpSession;
  readonly streams: FenceStreams;
  readonly fence: Pick<Fence, "exited" | "kill" | "signal">;
}
