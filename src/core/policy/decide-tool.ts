// A tool that is named as a whole: a host, an MCP tool, a subagent, or a tool nobody here knows (DESIGN 7 rule 7).
import type { Action } from "../action.ts";
import type { Reason } from "../decision.ts";
import { wildcardSource } from "../text/wildcard.ts";
import type { Met } from "./argument.ts";
import type { Judge } from "./judge.ts";
import type { CompiledRule, CompiledRules } from "./rules.ts";

/** The actions that name a tool, a host or an agent. */
export type ToolAction = Extract<Action, { readonly kind: "fetch" | "mcp" | "agent" | "other" }>;

/** Agents' own tools that touch nothing but the agent's plan, its own children or its person's screen. Everything else that is not known asks. */
const INERT: ReadonlySet<string> = new Set(
  `TodoWrite TodoRead todowrite todoread write_todos update_plan update_todo report_intent update_topic AskUserQuestion AskQuestion ask_user
  ask_user_question request_user_input question ExitPlanMode EnterPlanMode exit_plan_mode enter_plan_mode plan_enter plan_exit SwitchMode
  TaskCreate TaskGet TaskUpdate TaskList TaskOutput TaskStop task_complete complete_task BashOutput KillShell KillBash read_bash stop_bash
  list_bash list_background_processes read_background_output list_agents read_agent ListAgents wait_agent close_agent get_goal create_goal
  update_goal ToolSearch ReadLints ReportFindings CronList send_input resume_agent multi_agent_v1wait_agent multi_agent_v1close_agent
  multi_agent_v1send_input multi_agent_v1resume_agent write_agent fetch_copilot_cli_documentation get_internal_docs invalid batch`.split(
    /\s+/,
  ),
);

/** What core/tool and a dialect call what is in a call besides its tool → why it asks. */
const OWN: ReadonlyMap<string, string> = new Map([
  ["unsandboxed", "leaves-sandbox"],
  ["shell", "other-shell"],
  ["path", "path-reading"],
  ["write_stdin", "typed"],
]);

/** Exactly one reason. */
export function reasonOnTool(judge: Judge, action: ToolAction): Reason {
  const { subject, rule: named, allows, limits } = toolOf(action);
  const inert = action.kind === "other" && INERT.has(action.tool);
  const matched = (rule: CompiledRule, verdict: Reason["verdict"], code = "rule-matched"): Reason => ({
    ...{ code, verdict, subject, rule: rule.text.text, at: rule.text.at },
  });
  let unsure: CompiledRule | undefined;
  for (const verdict of ["deny", "ask"] as const)
    for (const rule of judge.rules[verdict]) {
      const met = limits(rule);
      if (met === "yes") return matched(rule, verdict);
      if (met === "maybe") unsure ??= rule;
    }
  if (unsure !== undefined) return matched(unsure, "ask", "rule-not-excluded");
  const allowing = judge.rules.allow.find(allows);
  // whether such a tool only reads cannot be proved
  if (allowing !== undefined && judge.mode === "plan" && (action.kind === "mcp" || action.kind === "other") && !inert)
    return { code: "plan-mode", verdict: "ask", subject };
  if (allowing !== undefined) return matched(allowing, "allow");
  if (inert) return { code: "inert-tool", verdict: "allow", subject };
  if (judge.mode === "bypassPermissions") return { code: "bypass", verdict: "allow", subject };
  const code = action.kind === "other" ? (OWN.get(action.tool) ?? "unknown-tool") : "no-rule";
  return { code, verdict: "ask", subject, ...(named === undefined ? {} : { hint: `allow it with ${named}` }) };
}

/** The tools that a deny of the bare name takes away as a whole (PERM-1): an agent need not even be shown them. */
export function removedTools(rules: CompiledRules): readonly string[] {
  const bare = rules.deny.filter(({ rule }) => {
    if (rule.tool === "mcp") return rule.name === undefined && rule.when === undefined;
    return rule.tool === "other" || rule.tool === "WebFetch" ? !("domain" in rule) : !("specifier" in rule);
  });
  return [...new Set(bare.map(({ text }) => text.text.trim()))];
}

interface NamedTool {
  readonly subject: string;
  /** The rule that names exactly this. */
  readonly rule?: string;
  readonly allows: (rule: CompiledRule) => boolean;
  /** As an ask or deny. */
  readonly limits: (rule: CompiledRule) => Met;
}

function toolOf(action: ToolAction): NamedTool {
  switch (action.kind) {
    case "fetch":
      return {
        subject: action.host,
        rule: `WebFetch(domain:${action.host})`,
        ...both(({ domain }) => domain?.(action.host) === true),
      };
    case "mcp": {
      const subject = `mcp__${action.server}__${action.tool}`;
      const allows = ({ mcp }: CompiledRule): boolean => mcp?.allows(action) === true;
      const limits = (rule: CompiledRule): Met => rule.mcp?.limits(action) ?? (spells(rule, action) ? "yes" : "no");
      const named = { subject, allows, limits };
      return isName(subject) && subject.indexOf("__", 5) === subject.lastIndexOf("__")
        ? { ...named, rule: subject }
        : named;
    }
    case "agent":
      return {
        subject: action.name,
        rule: `Agent(${action.name})`,
        ...both(
          ({ rule }) => rule.tool === "Agent" && (rule.specifier === undefined || named(rule.specifier, action.name)),
        ),
      };
    case "other": {
      const subject = action.tool;
      const found = { subject, ...both(({ rule }) => rule.tool === "other" && rule.name === action.tool) };
      return /^[A-Za-z][A-Za-z0-9_-]*$/.test(subject) ? { ...found, rule: subject } : found;
    }
    default:
      return action satisfies never;
  }
}

/** A rule that allows and limits the same. */
function both(matches: (rule: CompiledRule) => boolean): Pick<NamedTool, "allows" | "limits"> {
  return { allows: matches, limits: (rule) => (matches(rule) ? "yes" : "no") };
}

function isName(text: string): boolean {
  return /^[A-Za-z0-9_./-]+$/.test(text);
}

/** Agents write a server's tool in one word, each in its own way. Such a word in a rule limits the tool; who it would allow is not certain. */
function spells({ rule }: CompiledRule, action: Extract<ToolAction, { readonly kind: "mcp" }>): boolean {
  if (rule.tool !== "other") return false;
  const { server, tool } = action;
  return (
    ["_", "-", "__", "/"].some((dash) => rule.name === `${server}${dash}${tool}`) ||
    [tool, `mcp_${server}_${tool}`].includes(rule.name)
  );
}

/** A name with `*` for any text. */
function named(pattern: string, name: string): boolean {
  if (!pattern.includes("*")) return pattern === name;
  const parts = pattern.split(/\*+/).map((part) => part.replace(/[.\\^$+?()[\]{}|-]/g, "\\$&"));
  return new RegExp(`^${wildcardSource(parts, ".")}$`, "s").test(name);
}
