// Codex's hooks, checked against 0.169.0. The shape is Claude Code's, the rules are stricter: one unknown field, or a refusal without a
// reason, and the call runs. It knows no bare `allow` and no `ask`. `write_stdin` is not shown to hooks (docs/hooks.md).
import type { Dialect, HookContext, HookEvent, Problem, Result } from "#core";
import { type Fields, otherEvent, outputOf, outputText, promptOf, readContext, readEvent, textOf } from "./event.ts";
import { answerIn, deniedPermission, preToolUse, refusal, type Words, withCommand } from "./reply.ts";
import { type AgentTools, words } from "./tool.ts";
import { toolEvent } from "./tool-event.ts";

const AGENT = "codex";

// The tools of a namespace come with its name in front, but for `spawn_agent` (seen). What children do is judged call by call.
const TOOLS: AgentTools = {
  talk: words(
    `update_plan request_user_input get_goal create_goal update_goal wait_agent close_agent send_input resume_agent multi_agent_v1wait_agent
     multi_agent_v1close_agent multi_agent_v1send_input multi_agent_v1resume_agent`,
  ),
  names: new Map([["multi_agent_v1spawn_agent", "spawn_agent"]]),
};

const NOTICES = words("SubagentStart PreCompact PostCompact StopFailure Interrupt");

/** Codex's dialect. */
export const codex: Dialect = {
  agent: AGENT,
  parse,
  reply: (event, answer) => answerIn(speech(event), AGENT, answer),
  refuse: (reason) => refusal(reason, (said) => ({ decision: "block", reason: said })),
};

function parse(text: string): Result<HookEvent, Problem> {
  const fields = readEvent(AGENT, text);
  if (!fields.ok) return fields;
  const context = readContext(AGENT, fields.value, { session: "session_id", cwd: "cwd", event: "hook_event_name" });
  if (!context.ok) return context;
  const { event } = context.value;
  switch (event) {
    case "PreToolUse":
    case "PermissionRequest":
    case "PostToolUse":
      return tool(fields.value, context.value);
    case "UserPromptSubmit":
      return promptOf(AGENT, context.value, textOf(fields.value, "prompt"));
    case "Stop":
    case "SubagentStop":
      return outputOf(context.value, textOf(fields.value, "last_assistant_message"));
    default:
      return otherEvent(AGENT, context.value, NOTICES);
  }
}

function tool(fields: Fields, context: HookContext): Result<HookEvent, Problem> {
  const call = {
    tool: textOf(fields, "tool_name"),
    input: fields["tool_input"],
    toolUseId: textOf(fields, "tool_use_id"),
  };
  switch (context.event) {
    case "PreToolUse":
      return toolEvent(context, TOOLS, { ...call, phase: "before-tool", rewritable: call.tool === "Bash" });
    case "PermissionRequest":
      return toolEvent(context, TOOLS, { ...call, phase: "permission" });
    default:
      return toolEvent(context, TOOLS, {
        ...call,
        phase: "after-tool",
        output: outputText(fields["tool_response"]),
      });
  }
}

function speech(event: HookEvent): Words {
  switch (event.kind) {
    case "before-tool": {
      const deny: Words["deny"] = (reason) =>
        preToolUse({ permissionDecision: "deny", permissionDecisionReason: reason });
      // An allow says nothing: Codex takes the bare word for a fault of the hook.
      const rewrite: Words["rewrite"] = (_reason, command) =>
        preToolUse({ permissionDecision: "allow", updatedInput: withCommand(event.input, command) });
      return event.rewritable ? { deny, rewrite } : { deny };
    }
    case "permission":
      // Never an allow: what is asked for may be a way out of Codex's own sandbox, which no rule of ours speaks about.
      return { deny: deniedPermission, asking: true };
    case "prompt":
      return { deny: (reason) => ({ decision: "block", reason }) };
    default:
      return {};
  }
}
