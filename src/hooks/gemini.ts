// Gemini CLI's hooks, checked against 0.61.0. JSON is read whatever the exit code; a refusal without words on standard error and with
// empty output runs. `ask` hangs a headless run (seen), so it is never said.
import type { Action, Actions, Dialect, HookContext, HookEvent, Problem, Result } from "#core";
import {
  type Fields,
  fieldsOf,
  otherEvent,
  outputOf,
  outputText,
  promptOf,
  readContext,
  readEvent,
  textOf,
} from "./event.ts";
import { answerIn, refusal, type Words, withCommand } from "./reply.ts";
import { type AgentTools, actionsOfCall, words } from "./tool.ts";
import { toolEvent } from "./tool-event.ts";

const AGENT = "gemini";

const TOOLS: AgentTools = {
  talk: words(
    `write_todos update_topic ask_user enter_plan_mode exit_plan_mode complete_task get_internal_docs list_background_processes
     read_background_output`,
  ),
  names: new Map([["invoke_agent", "delegate_to_agent"]]),
};

const NOTICES = words("BeforeModel AfterModel BeforeToolSelection PreCompress Notification");

/** Gemini's dialect. */
export const gemini: Dialect = {
  agent: AGENT,
  parse,
  reply: (event, answer) => answerIn(speech(event), AGENT, answer),
  refuse: (reason) => refusal(reason, deny),
};

function parse(text: string): Result<HookEvent, Problem> {
  const fields = readEvent(AGENT, text);
  if (!fields.ok) return fields;
  const context = readContext(AGENT, fields.value, { session: "session_id", cwd: "cwd", event: "hook_event_name" });
  if (!context.ok) return context;
  const { event } = context.value;
  switch (event) {
    case "BeforeTool":
    case "AfterTool":
      return tool(fields.value, context.value);
    case "BeforeAgent":
      return promptOf(AGENT, context.value, textOf(fields.value, "prompt"));
    case "AfterAgent":
      return outputOf(context.value, textOf(fields.value, "prompt_response"));
    default:
      return otherEvent(AGENT, context.value, NOTICES);
  }
}

function tool(fields: Fields, context: HookContext): Result<HookEvent, Problem> {
  const name = textOf(fields, "tool_name");
  const input = fields["tool_input"];
  const actions = mcpCall(fields, input) ?? fetchCall(name, input, context.cwd);
  const call = { tool: name, input, ...(actions === undefined ? {} : { actions }) };
  if (context.event === "BeforeTool")
    return toolEvent(context, TOOLS, {
      ...call,
      phase: "before-tool",
      rewritable: name === "run_shell_command" && actions === undefined,
    });
  const response = fieldsOf(fields, "tool_response");
  const failed = response !== undefined && response["error"] !== undefined && response["error"] !== null;
  const output = outputText(response === undefined ? fields["tool_response"] : response["llmContent"]);
  return toolEvent(context, TOOLS, { ...call, phase: "after-tool", output, failed });
}

// `mcp_server_tool` alone does not say where the server's name ends; the event does.
function mcpCall(fields: Fields, input: unknown): readonly [Action] | undefined {
  const context = fieldsOf(fields, "mcp_context");
  const server = context === undefined ? undefined : textOf(context, "server_name");
  const name = context === undefined ? undefined : textOf(context, "tool_name");
  return server === undefined || name === undefined ? undefined : [{ kind: "mcp", server, tool: name, input }];
}

function fetchCall(name: string | undefined, input: unknown, cwd: string): Actions | undefined {
  const actions = name === "web_fetch" ? actionsOfCall(TOOLS, { tool: name, input, cwd }) : undefined;
  return actions === undefined ? undefined : [...actions, ...rawFiles(actions)];
}

// Pages of GitHub's files are fetched from another host than the one that is written.
function rawFiles(actions: Actions): readonly Action[] {
  const leads = actions.some(
    (action) => action.kind === "fetch" && action.host === "github.com" && action.url?.includes("/blob/") === true,
  );
  return leads ? [{ kind: "fetch", host: "raw.githubusercontent.com", port: 443 }] : [];
}

function deny(reason: string): unknown {
  return { decision: "deny", reason };
}

function speech(event: HookEvent): Words {
  switch (event.kind) {
    case "before-tool": {
      const allow: Words["allow"] = (reason) => ({ decision: "allow", reason });
      const rewrite: Words["rewrite"] = (reason, command) => ({
        decision: "allow",
        reason,
        hookSpecificOutput: { hookEventName: "BeforeTool", tool_input: withCommand(event.input, command) },
      });
      return event.rewritable ? { deny, allow, rewrite } : { deny, allow };
    }
    case "prompt":
      return { deny };
    default:
      return {};
  }
}
