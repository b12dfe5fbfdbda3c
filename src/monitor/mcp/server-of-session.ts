// A session that serves an MCP server, as whoever speaks with the server is handed it.
import { ok } from "#core";
import type { Append } from "#core/log";
import type { Fence } from "#sandbox";
import type { Guard, GuardedSession } from "../guard/guarded-session.ts";
import type { LegBook } from "../guard/leg-book.ts";
import type { Prepared } from "../prepare/prepare.ts";
import type { RunRequest } from "../request.ts";
import { isConfined } from "./confined.ts";
import type { McpSession } from "./mcp-session.ts";
import type { RunningServer } from "./running-server.ts";

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
