// OpenCode has plugins, not hooks: the plugin that `ringfence install opencode` writes (install/opencode-plugin.ts) sends the events below and
// throws on anything but a clean answer, which refuses the call. Both ends are ours, so this form is exact and carries a version.
import {
  type Action,
  type Actions,
  type Dialect,
  err,
  type HookContext,
  type HookEvent,
  type Problem,
  type Result,
} from "#core";
import {
  type Fields,
  fieldsOf,
  isFields,
  malformed,
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

const AGENT = "opencode";

const TOOLS: AgentTools = {
  talk: words("todowrite todoread question plan_enter plan_exit invalid"),
  names: new Map([["lsp", "read"]]),
};

/** OpenCode's dialect, spoken with our own plugin. */
export const opencode: Dialect = {
  agent: AGENT,
  parse,
  reply: (event, answer) => answerIn(speech(event), AGENT, answer),
  refuse: (reason) => refusal(reason, deny),
};

function parse(text: string): Result<HookEvent, Problem> {
  const fields = readEvent(AGENT, text);
  if (!fields.ok) return fields;
  if (fields.value["v"] !== 1)
    return err({
      code: "unknown-agent-version",
      message: "ringfence's plugin for opencode is of another version",
      hint: "`ringfence install opencode` writes the one that fits",
    });
  const context = readContext(AGENT, fields.value, { session: "sessionID", cwd: "cwd", event: "event" });
  if (!context.ok) return context;
  const { event } = context.value;
  switch (event) {
    case "tool.execute.before":
    case "tool.execute.after":
      return tool(fields.value, context.value);
    case "permission.ask":
      return asks(fields.value, context.value);
    case "chat.message":
      return promptOf(AGENT, context.value, textOf(fields.value, "text"));
    case "text.complete":
      return outputOf(context.value, textOf(fields.value, "text"));
    default:
      return err(malformed(AGENT, `\`${event}\` is an unknown event`));
  }
}

function tool(fields: Fields, context: HookContext): Result<HookEvent, Problem> {
  const name = textOf(fields, "tool");
  const input = fields["args"];
  const actions = name === "batch" ? batched(input, context.cwd) : mcpCall(fields, name, input);
  const call = {
    tool: name,
    input,
    toolUseId: textOf(fields, "callID"),
    ...(actions === undefined ? {} : { actions }),
  };
  return context.event === "tool.execute.before"
    ? toolEvent(context, TOOLS, { ...call, phase: "before-tool", rewritable: name === "bash" })
    : toolEvent(context, TOOLS, { ...call, phase: "after-tool", output: outputText(fields["output"]) });
}

// Several calls in one: all of them are judged. One that is not understood leaves the whole an unknown tool.
function batched(input: unknown, cwd: string): Actions | undefined {
  const calls = isFields(input) && Array.isArray(input["tool_calls"]) ? input["tool_calls"] : [];
  const read = calls.map((call) => {
    const tool = isFields(call) ? textOf(call, "tool") : undefined;
    return tool === undefined ? undefined : actionsOfCall(TOOLS, { tool, input: call["parameters"], cwd });
  });
  const all = read.every((actions) => actions !== undefined) ? read.flat() : [];
  return all.length === 0 ? undefined : [{ kind: "other", tool: "batch", input }, ...all];
}

// What stands behind a permission was judged before the call; this tells that the person is asked, and by what name.
function asks(fields: Fields, context: HookContext): Result<HookEvent, Problem> {
  const permission = fieldsOf(fields, "permission");
  const name = permission === undefined ? undefined : (textOf(permission, "permission") ?? textOf(permission, "type"));
  if (permission === undefined || name === undefined) return err(malformed(AGENT, "a permission without a name"));
  return toolEvent(context, TOOLS, { phase: "permission", tool: `permission:${name}`, input: permission });
}

// A tool of a server is called `server_tool`, each character that is no letter, digit, hyphen or underscore replaced. The plugin says which servers there are.
function mcpCall(fields: Fields, name: string | undefined, input: unknown): readonly [Action] | undefined {
  const servers = fields["servers"];
  if (name === undefined || !Array.isArray(servers)) return undefined;
  const fitting = servers
    .filter((server) => typeof server === "string")
    .filter((server) => server !== "" && name.startsWith(`${server.replace(/[^a-zA-Z0-9_-]/g, "_")}_`))
    .sort((a, b) => b.length - a.length)[0];
  return fitting === undefined
    ? undefined
    : [{ kind: "mcp", server: fitting, tool: name.slice(fitting.length + 1), input }];
}

function deny(reason: string): unknown {
  return { verdict: "deny", reason };
}

// The plugin takes empty output for a broken client, so silence has a word of its own.
const QUIET = { verdict: "pass" };

function speech(event: HookEvent): Words {
  switch (event.kind) {
    case "before-tool": {
      const allow: Words["allow"] = () => ({ verdict: "allow" });
      const rewrite: Words["rewrite"] = (_reason, command) => ({
        verdict: "allow",
        args: withCommand(event.input, command),
      });
      return event.rewritable ? { deny, allow, quiet: QUIET, rewrite } : { deny, allow, quiet: QUIET };
    }
    case "permission":
      return { deny, asking: true, quiet: QUIET };
    case "prompt":
      return { deny, quiet: QUIET };
    default:
      return {};
  }
}
