// Claude Code's hooks, checked against 2.1.329. Exit 2 refuses a tool call and a prompt; a permission request only by its own JSON.
// `hookSpecificOutput` of another event than the one that is answered makes the whole output void, exit code included (seen), so `refuse`,
// which does not know the event, uses the older words that hold on all of them.
import type { Dialect, HookContext, HookEvent, Problem, Result } from "#core";
import { type Fields, otherEvent, outputOf, outputText, promptOf, readContext, readEvent, textOf } from "./event.ts";
import { answerIn, deniedPermission, preToolUse, refusal, type Words, withCommand } from "./reply.ts";
import { type AgentTools, words } from "./tool.ts";
import { toolEvent } from "./tool-event.ts";

const AGENT = "claude-code";

// PowerShell, skills, workflows and the like stay unknown on purpose: what they do is not in their input.
const TOOLS: AgentTools = {
  talk: words(
    `TodoWrite TaskCreate TaskGet TaskUpdate TaskList TaskOutput TaskStop BashOutput KillShell AskUserQuestion EnterPlanMode ExitPlanMode
     ToolSearch ReportFindings ListAgents CronList`,
  ),
};

const NOTICES = words(
  `PostToolBatch Notification StopFailure SubagentStart PreCompact PostCompact PreModelSwitch PostModelSwitch PermissionDenied Setup
   TeammateIdle TaskCreated TaskCompleted Elicitation ElicitationResult ConfigChange WorktreeCreate WorktreeRemove InstructionsLoaded
   CwdChanged FileChanged DirectoryAdded MessageDisplay`,
);

/** Claude Code's dialect. */
export const claudeCode: Dialect = {
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
    case "PostToolUseFailure":
      return tool(fields.value, context.value);
    case "UserPromptSubmit":
    case "UserPromptExpansion":
      return promptOf(AGENT, context.value, textOf(fields.value, "prompt"));
    case "Stop":
    case "SubagentStop":
      return outputOf(context.value, textOf(fields.value, "last_assistant_message"));
    default:
      return otherEvent(AGENT, context.value, NOTICES);
  }
}

function tool(fields: Fields, context: HookContext): Result<HookEvent, Problem> {
  const { event } = context;
  const call = {
    tool: textOf(fields, "tool_name"),
    input: fields["tool_input"],
    toolUseId: textOf(fields, "tool_use_id"),
  };
  switch (event) {
    case "PreToolUse":
      return toolEvent(context, TOOLS, { ...call, phase: "before-tool", rewritable: call.tool === "Bash", asks: true });
    case "PermissionRequest":
      return toolEvent(context, TOOLS, { ...call, phase: "permission" });
    case "PostToolUse":
      return toolEvent(context, TOOLS, {
        ...call,
        phase: "after-tool",
        output: outputText(fields["tool_response"]),
      });
    default:
      return toolEvent(context, TOOLS, {
        ...call,
        phase: "after-tool",
        output: outputText(fields["error"]),
        failed: true,
      });
  }
}

function speech(event: HookEvent): Words {
  switch (event.kind) {
    case "before-tool": {
      const decide = (permissionDecision: string, permissionDecisionReason: string, more: object = {}): unknown =>
        preToolUse({ permissionDecision, permissionDecisionReason, ...more });
      const instead = (command: string): object => ({ updatedInput: withCommand(event.input, command) });
      const rewrite: Words["rewrite"] = (reason, command) => decide("allow", reason, instead(command));
      return {
        deny: (reason) => decide("deny", reason),
        allow: (reason) => decide("allow", reason),
        // Seen in every permission mode, full bypass included: a person is asked, or the call is refused where there is none.
        ask: (reason, command) => decide("ask", reason, command === undefined ? {} : instead(command)),
        ...(event.rewritable ? { rewrite } : {}),
      };
    }
    case "permission":
      // Never an allow: the agent wants its person, and a policy is not the person.
      return { deny: deniedPermission, asking: true };
    case "prompt":
      return { deny: (reason) => ({ decision: "block", reason }) };
    default:
      return {};
  }
}
