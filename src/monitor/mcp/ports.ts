// The gateway's judgement: each call, answer and wish of one connection goes through the same rules, legs, questions and record as an agent's own tools
// (DESIGN 4).
import type { McpPorts } from "#mcp";
import { refusalWords } from "../guard/hook-answer.ts";
import { judgeCall } from "./call-judge.ts";
import { CallMemory } from "./call-memory.ts";
import { eventBody } from "./call-record.ts";
import type { McpSession } from "./mcp-session.ts";
import { judgeResult } from "./result-judge.ts";
import { judgeWish } from "./wish.ts";

/** The ports of one connection. */
export function openMcpPorts(session: McpSession): McpPorts {
  const { guarded } = session;
  const memory = new CallMemory();
  return {
    call: (call, signal) => judgeCall(session, memory, call, signal),
    result: (outcome, signal) => judgeResult(session, memory, outcome, signal),
    ask: async (request, signal) => {
      const guard = await guarded.guard();
      if (!guard.ok) return { verdict: "deny", text: guard.error.map(refusalWords).join("; ") };
      return judgeWish(session, request, guard.value, signal);
    },
    note: async (event) => void (await guarded.append(eventBody(session, event))),
    redact: (text) => session.redact(text),
  };
}
