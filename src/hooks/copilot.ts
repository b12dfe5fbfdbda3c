// GitHub Copilot CLI's hooks, checked against 1.0.102. An event installed as `PreToolUse` comes with its name and Claude's tool names; one
// installed as `preToolUse` comes without any name and is known by its shape. Both are read; `ringfence install` asks for the named form.
// Output is one object that serves both. A time-out runs the call, everything else that fails refuses it.
import {
  type Action,
  type Actions,
  type Dialect,
  type HookContext,
  type HookEvent,
  ok,
  type Problem,
  type Result,
} from "#core";
import {
  type Fields,
  fieldsOf,
  firstText,
  isFields,
  otherEvent,
  outputText,
  promptOf,
  readContext,
  readEvent,
  textOf,
} from "./event.ts";
import { answerIn, refusal, type Words, withCommand } from "./reply.ts";
import { type AgentTools, actionsOfCall, words } from "./tool.ts";
import { toolEvent } from "./tool-event.ts";

const AGENT = "copilot";

// Its own names and, in named events, Claude's.
const TOOLS: AgentTools = {
  talk: words(
    `report_intent ask_user AskUserQuestion update_todo TodoWrite exit_plan_mode task_complete read_bash stop_bash list_bash read_agent
     list_agents write_agent fetch_copilot_cli_documentation`,
  ),
};

const NOTICES = words("stop agentStop subagentStart subagentStop preCompact preMcpToolCall errorOccurred notification");

/** Copilot's dialect. */
export const copilot: Dialect = {
  agent: AGENT,
  parse,
  reply: (event, answer) => answerIn(speech(event), AGENT, answer),
  refuse: (reason) =>
    refusal(reason, (said) => ({ permissionDecision: "deny", behavior: "deny", decision: "block", reason: said })),
};

const EVENT_OF_SHAPE: readonly (readonly [event: string, fields: readonly string[]])[] = [
  ["postToolUse", ["toolName", "toolArgs", "toolResult"]],
  ["postToolUseFailure", ["toolName", "toolArgs", "error"]],
  ["preToolUse", ["toolName", "toolArgs"]],
  ["preMcpToolCall", ["serverName", "toolName"]],
  ["agentStop", ["stopReason"]],
  ["userPromptSubmitted", ["prompt"]],
  ["sessionStart", ["source"]],
  ["sessionEnd", ["reason"]],
];

function parse(text: string): Result<HookEvent, Problem> {
  const fields = readEvent(AGENT, text);
  if (!fields.ok) return fields;
  const named = textOf(fields.value, "hook_event_name");
  const shape = EVENT_OF_SHAPE.find(([, names]) => names.every((name) => isThere(fields.value, name)));
  const event = named ?? textOf(fields.value, "hookName") ?? shape?.[0];
  // A subagent has a session name of its own; its parent's keeps one ledger for both.
  const parent = ["parentAgentId", "parent_agent_id"].find((name) => textOf(fields.value, name) !== undefined);
  const session = parent ?? (named === undefined ? "sessionId" : "session_id");
  const context = readContext(
    AGENT,
    fields.value,
    { session, cwd: "cwd", event: "hook_event_name" },
    event === undefined ? {} : { event },
  );
  return context.ok ? eventOf(fields.value, context.value) : context;
}

// A field that is there and empty is none: a call that has no result yet has not happened.
function isThere(fields: Fields, name: string): boolean {
  return Object.hasOwn(fields, name) && fields[name] !== null;
}

function eventOf(fields: Fields, context: HookContext): Result<HookEvent, Problem> {
  const event = context.event.charAt(0).toLowerCase() + context.event.slice(1);
  switch (event) {
    case "preToolUse":
      return tool(fields, context, "before-tool");
    case "permissionRequest":
      return tool(fields, context, "permission");
    case "postToolUse":
    case "postToolUseFailure":
      return tool(fields, context, "after-tool");
    case "userPromptSubmit":
    case "userPromptSubmitted":
      return promptOf(AGENT, context, textOf(fields, "prompt"));
    default:
      return NOTICES.has(event) ? ok({ ...context, kind: "notice" }) : otherEvent(AGENT, context, NOTICES);
  }
}

function tool(
  fields: Fields,
  context: HookContext,
  phase: "before-tool" | "permission" | "after-tool",
): Result<HookEvent, Problem> {
  const name = firstText(fields, ["tool_name", "toolName"]);
  const key = ["tool_input", "toolArgs", "toolInput"].find((each) => Object.hasOwn(fields, each)) ?? "tool_input";
  const input = inputOf(fields, key);
  const { cwd } = context;
  const actions = patched(name, input, cwd) ?? (name === undefined ? undefined : mcpCall(name, input));
  const result = fieldsOf(fields, "tool_result") ?? fieldsOf(fields, "toolResult");
  const said = result === undefined ? fields["error"] : (result["text_result_for_llm"] ?? result["textResultForLlm"]);
  return toolEvent(context, TOOLS, {
    phase,
    tool: name,
    input,
    ...(actions === undefined ? {} : { actions }),
    rewritable: name === "bash" || name === "Bash",
    output: outputText(said),
    failed: result === undefined || (result["result_type"] ?? result["resultType"]) === "failure",
  });
}

// Arguments come as an object, as JSON text, or, for a patch, as the patch itself.
function inputOf(fields: Fields, key: string): unknown {
  return fieldsOf(fields, key) ?? fields[key];
}

// `Edit` is also the name under which a whole patch comes. Where it names a file as well, which of the two is meant is not known.
function patched(name: string | undefined, input: unknown, cwd: string): Actions | undefined {
  const text = isFields(input) ? firstText(input, ["input", "patch"]) : input;
  if ((name !== "Edit" && name !== "edit") || typeof text !== "string") return undefined;
  const actions = actionsOfCall(TOOLS, { tool: "apply_patch", input, cwd });
  return actions && [...actions, ...(actionsOfCall(TOOLS, { tool: name, input, cwd }) ?? [])];
}

// `server-tool`, and `server/tool` when it asks for permission. Of several hyphens the last is taken: where that is wrong a deny of the
// true name still stands at the permission request, and an allow does not match.
function mcpCall(name: string, input: unknown): readonly [Action] | undefined {
  if (name.startsWith("mcp__")) return undefined;
  const split = name.includes("/") ? name.indexOf("/") : name.lastIndexOf("-");
  const [server, called] = [name.slice(0, Math.max(split, 0)), name.slice(split + 1)];
  return server === "" || called === "" ? undefined : [{ kind: "mcp", server, tool: called, input }];
}

function speech(event: HookEvent): Words {
  switch (event.kind) {
    case "before-tool": {
      const decide = (permissionDecision: string, permissionDecisionReason: string, more = {}): unknown => ({
        permissionDecision,
        permissionDecisionReason,
        ...more,
      });
      const deny: Words["deny"] = (reason) => decide("deny", reason);
      const allow: Words["allow"] = (reason) => decide("allow", reason);
      const rewrite: Words["rewrite"] = (reason, command) =>
        decide("allow", reason, { modifiedArgs: withCommand(event.input, command) });
      return event.rewritable ? { deny, allow, rewrite } : { deny, allow };
    }
    case "permission":
      return { deny: (message) => ({ behavior: "deny", message }), asking: true };
    case "prompt":
      return { deny: (reason) => ({ decision: "block", reason }) };
    default:
      return {};
  }
}
