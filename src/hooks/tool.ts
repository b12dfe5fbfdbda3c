// A tool call as Actions. What a tool of a given name touches is core's table, one for all agents; a dialect adds the names that only its agent
// uses, the tools that are talk, and how it spells a server's tools.
import { type Action, type Actions, actionsOfTool } from "#core";

/** What is particular to one agent's tools. */
export interface AgentTools {
  /** Words between the agent and itself or its person (a plan, a list of tasks, a question): nothing outside is touched. */
  readonly talk: ReadonlySet<string>;
  /** This agent's name for a tool → the common one. */
  readonly names?: ReadonlyMap<string, string>;
}

/** A call as the agent names it. */
export interface NamedCall {
  readonly tool: string;
  readonly input: unknown;
  readonly cwd: string;
}

/** The actions of a call; `undefined` when a known tool's input does not say what it touches. An unknown tool is `other`, never dropped. */
export function actionsOfCall(tools: AgentTools, { tool, input, cwd }: NamedCall): Actions | undefined {
  if (tools.talk.has(tool)) return [{ kind: "other", tool, input }];
  const actions = actionsOfTool(tools.names?.get(tool) ?? tool, input, cwd);
  return actions === undefined ? undefined : [...actions, ...unsureReadings(actions, cwd)];
}

/** A tool's name as it may be kept and shown: one line, no controls, not absurdly long. */
export function isToolName(name: string | undefined): name is string {
  return name !== undefined && /^[^\p{C}]{1,256}$/u.test(name);
}

/** Several words as a set. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}

// Some agents expand `~` and read addresses such as `file:` where a path is wanted, and some do not. Where this one would end is not known
// here, so such a path is judged as written and is a question besides.
function unsureReadings(actions: Actions, cwd: string): readonly Action[] {
  const below = cwd === "/" ? "/" : `${cwd}/`;
  return actions.flatMap((action): readonly Action[] => {
    if (!("path" in action) || !action.path.startsWith(below)) return [];
    const written = action.path.slice(below.length);
    return /^\/*(?:~|[A-Za-z][A-Za-z0-9+.-]*:)/.test(written) ? [{ kind: "other", tool: "path", input: written }] : [];
  });
}
