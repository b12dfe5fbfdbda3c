// A server that runs in the fence of its session, as whoever speaks with it has it.

import { ok } from "#core";
import type { Append, Json } from "#core/log";
import type { Fence, FenceStreams } from "#sandbox";
import type { Guard, GuardedSession } from "../guard/guarded-session.ts";
import type { LegBook } from "../guard/leg-book.ts";
import type { Prepared } from "../prepare/prepare.ts";
import type { RunRequest } from "../request.ts";
import { isConfined } from "./confined.ts";
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

/** Put together from a session's parts; `undefined` in one that serves nobody. */
export function runningServer(parts: {
  readonly id: string;
  readonly request: RunRequest;
  readonly prepared: Prepared;
  readonly append: Append;
  readonly legs: LegBook;
  readonly guard: () => Guard;
  readonly ask: GuardedSession["ask"] | undefined;
  readonly fence: Fence;
  readonly refused: McpSession["refused"];
}): RunningServer | undefined {
  const { id, request, prepared, append, legs, guard, ask, fence, refused } = parts;
  const { gateway, caller, stateDir, progress, installation } = request;
  if (gateway === undefined) return undefined;
  if (fence.streams === undefined || ask === undefined)
    throw new Error("a server's session without streams or questions");
  const { server, client } = gateway;
  return {
    streams: fence.streams,
    fence,
    session: {
      ...{ server, ...(client === undefined ? {} : { client }), policy: prepared.policy, stateDir, tell: progress },
      ...{ build: installation.build, refused },
      confined: isConfined(prepared.egressPlan),
      ...{ root: prepared.workspace.root, home: caller.home },
      leaks: prepared.leaks,
      redact: (text) => prepared.leaks.redactor().text(text),
      guarded: { id, contained: true, append, legs, ask, guard: async () => ok(guard()) },
    },
  };
}
