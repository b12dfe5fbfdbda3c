// Cursor's hooks, from its documentation and reports (closed source; nothing here was run against it): versions 1.7 to 3.
// `failClosed` in the installed entry refuses on a crash or time-out; `ask` is documented, accepted, and not known to be enforced.
import { type Action, type Dialect, err, type HookContext, type HookEvent, type Problem, type Result } from "#core";
import {
  type Fields,
  fieldsOf,
  firstText,
  isFields,
  malformed,
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
import { type ToolCall, toolEvent } from "./tool-event.ts";

const AGENT = "cursor";
const KNOWN_MAJORS: ReadonlySet<string> = new Set(["1", "2", "3"]);

const TOOLS: AgentTools = {
  talk: words("TodoWrite ReadLints AskQuestion SwitchMode"),
  names: new Map([
    ["StrReplace", "Edit"],
    ["EditNotebook", "NotebookEdit"],
  ]),
};

/** Cursor's dialect. */
export const cursor: Dialect = {
  agent: AGENT,
  parse,
  reply: (event, answer) => answerIn(speech(event), AGENT, answer),
  refuse: (reason) => refusal(reason, (said) => ({ continue: false, permission: "deny", user_message: said })),
};

const NOTICES = words(
  "stop subagentStart subagentStop preCompact afterAgentThought afterFileEdit afterTabFileEdit workspaceOpen",
);

function parse(text: string): Result<HookEvent, Problem> {
  const fields = readEvent(AGENT, text);
  if (!fields.ok) return fields;
  const version = textOf(fields.value, "cursor_version");
  if (version !== undefined && !KNOWN_MAJORS.has(version.split(".", 1)[0] ?? ""))
    return err({
      code: "unknown-agent-version",
      message: `cursor ${version.slice(0, 40)} is newer than this ringfence knows`,
      hint: "update ringfence",
    });
  const roots = fields.value["workspace_roots"];
  const root: unknown = Array.isArray(roots) ? roots[0] : undefined;
  const cwd = firstText(fields.value, ["cwd"]) || (typeof root === "string" ? root : undefined);
  const session = textOf(fields.value, "conversation_id") === undefined ? "session_id" : "conversation_id";
  const names = { session, cwd: "cwd", event: "hook_event_name" };
  const context = readContext(AGENT, fields.value, names, cwd === undefined ? {} : { cwd });
  return context.ok ? eventOf(fields.value, context.value) : context;
}

function eventOf(fields: Fields, context: HookContext): Result<HookEvent, Problem> {
  const { event } = context;
  switch (event) {
    case "beforeShellExecution":
      return call(context, { phase: "before-tool", tool: "Shell", input: { command: textOf(fields, "command") } });
    case "afterShellExecution": {
      const output = outputText(fields["output"]);
      return call(context, {
        phase: "after-tool",
        tool: "Shell",
        input: { command: textOf(fields, "command") },
        output,
      });
    }
    case "beforeMCPExecution":
      return mcp(fields, context, "before-tool");
    case "afterMCPExecution":
      return mcp(fields, context, "after-tool");
    case "beforeReadFile":
    case "beforeTabFileRead":
      return reads(fields, context);
    case "preToolUse":
    case "postToolUse":
    case "postToolUseFailure":
      return tool(fields, context);
    case "beforeSubmitPrompt":
      return promptOf(AGENT, context, textOf(fields, "prompt"));
    case "afterAgentResponse":
      return outputOf(context, textOf(fields, "text"));
    default:
      return otherEvent(AGENT, context, NOTICES);
  }
}

function call(context: HookContext, toolCall: ToolCall): Result<HookEvent, Problem> {
  return toolEvent(context, TOOLS, toolCall);
}

function tool(fields: Fields, context: HookContext): Result<HookEvent, Problem> {
  const name = textOf(fields, "tool_name");
  const input = fieldsOf(fields, "tool_input") ?? fields["tool_input"];
  const about = { tool: name, input, toolUseId: textOf(fields, "tool_use_id") };
  if (context.event === "preToolUse")
    return call(context, { ...about, phase: "before-tool", rewritable: name === "Shell" });
  const failed = context.event === "postToolUseFailure";
  const output = outputText(fields[failed ? "error_message" : "tool_output"]);
  return call(context, { ...about, phase: "after-tool", output, failed });
}

// The event does not name the server, it says how it is reached. That is its name here: `github` would be whatever a workspace calls so.
function mcp(fields: Fields, context: HookContext, phase: "before-tool" | "after-tool"): Result<HookEvent, Problem> {
  const name = textOf(fields, "tool_name");
  if (name === undefined) return err(malformed(AGENT, "an MCP call without a tool"));
  const input = fieldsOf(fields, "tool_input") ?? fields["tool_input"];
  const server = firstText(fields, ["server_name", "url", "command"]) ?? "unknown";
  const actions: readonly [Action] = [{ kind: "mcp", server, tool: name, input }];
  return call(context, { phase, tool: name, input, actions, output: outputText(fields["result_json"]) });
}

function reads(fields: Fields, context: HookContext): Result<HookEvent, Problem> {
  const path = textOf(fields, "file_path");
  if (path === undefined || path === "") return err(malformed(AGENT, "a file without a path"));
  const attachments = Array.isArray(fields["attachments"]) ? fields["attachments"] : [];
  const others = attachments.filter(isFields).map((each) => firstText(each, ["file_path", "filePath"]));
  const paths = [path, ...others.filter((each) => each !== undefined)];
  const input = { file_path: path };
  const actions = actionsOfCall(TOOLS, { tool: "Read", input: { paths }, cwd: context.cwd });
  return actions === undefined
    ? err(malformed(AGENT, "a file without a path"))
    : call(context, { phase: "before-tool", tool: "Read", input, actions });
}

// Both spellings: 1.7 wrote them together, later versions with an underscore.
function deny(reason: string): unknown {
  return {
    permission: "deny",
    user_message: reason,
    agent_message: reason,
    userMessage: reason,
    agentMessage: reason,
  };
}

function speech(event: HookEvent): Words {
  switch (event.kind) {
    case "before-tool": {
      const allow: Words["allow"] = () => ({ permission: "allow" });
      const rewrite: Words["rewrite"] = (_reason, command) => ({
        permission: "allow",
        updated_input: withCommand(event.input, command),
      });
      return event.rewritable ? { deny, allow, rewrite } : { deny, allow };
    }
    case "prompt":
      return { deny: (reason) => ({ continue: false, user_message: reason }) };
    default:
      return {};
  }
}
