// One tool call as a HookEvent, the same way for every agent: what a dialect read, put together and checked.
import { type Action, err, type HookContext, type HookEvent, ok, type Problem, type Result } from "#core";
import { isFields, malformed, textOf } from "./event.ts";
import { type AgentTools, actionsOfCall, isToolName } from "./tool.ts";

/** What a dialect found in an event about a tool. */
export interface ToolCall {
  readonly phase: "before-tool" | "permission" | "after-tool";
  readonly tool: string | undefined;
  readonly input: unknown;
  readonly toolUseId?: string | undefined;
  /** The agent takes another shell command in place of this tool's. */
  readonly rewritable?: boolean;
  /** The agent puts an `ask` to its person, and refuses where there is none. */
  readonly asks?: true;
  readonly output?: string;
  readonly failed?: boolean;
  /** Already known, where the tool's name alone does not say it. */
  readonly actions?: readonly [Action, ...Action[]];
}

/** The event, or why it is not understood. What already happened is never lost for being badly formed: it becomes `other`. */
export function toolEvent(context: HookContext, tools: AgentTools, call: ToolCall): Result<HookEvent, Problem> {
  const { phase, tool, input, toolUseId } = call;
  if (!isToolName(tool)) return err(malformed(context.agent, "a tool without a name"));
  const read = call.actions ?? actionsOfCall(tools, { tool, input, cwd: context.cwd });
  if (read === undefined && phase !== "after-tool")
    return err({
      ...malformed(context.agent, `the input of \`${tool}\` does not say what it touches`),
      hint: "a path, a command or an http(s) URL is missing, malformed or doubtful in it; or the agent is newer than this ringfence",
    });
  const actions = read ?? [{ kind: "other", tool, input }];
  const id = toolUseId !== undefined && /^[\x21-\x7e]{1,256}$/.test(toolUseId) ? { toolUseId } : {};
  const about = { ...context, tool, ...id, input, actions };
  switch (phase) {
    case "before-tool":
      return ok({
        ...about,
        kind: phase,
        rewritable: call.rewritable === true && isFields(input) && textOf(input, "command") !== undefined,
        ...(call.asks === true ? { asks: true } : {}),
      });
    case "permission":
      // Whether its own plan or question pleases the person is nothing that a policy answers.
      return ok(tools.talk.has(tool) ? { ...context, kind: "notice" } : { ...about, kind: phase });
    case "after-tool":
      return ok({ ...about, kind: phase, output: call.output ?? "", failed: call.failed === true });
    default:
      return phase satisfies never;
  }
}
