// One permission rule of Claude Code → ours. The grammars are sisters; what differs is where patterns stand, what is never consulted,
// parameters, and tool names with stars (facts: docs/import.md).
import type { Span } from "../../result.ts";
import { wildcardSource } from "../../text/wildcard.ts";
import { parseRule } from "../rule.ts";
import type { Draft, RuleList } from "./draft.ts";
import { allowPattern, type Base, braced, isCommon } from "./path-pattern.ts";

const READS = ["Read", "Glob", "Grep", "LS", "NotebookRead"];
const WRITES = ["Edit", "Write", "MultiEdit", "NotebookEdit"];
/** Path rules of these are accepted by Claude Code and never consulted: only `Read(…)` and `Edit(…)` are. */
const NEVER_CONSULTED = ["Write", "Glob", "Grep", "LS", "NotebookRead", "MultiEdit", "NotebookEdit"];
const KNOWN = [
  ...READS,
  ...WRITES,
  "Bash",
  "WebFetch",
  "Agent",
  "Task",
  "WebSearch",
  "Skill",
  "TodoWrite",
  "BashOutput",
  "KillShell",
  "KillBash",
  "ExitPlanMode",
  "EnterPlanMode",
  "SlashCommand",
  "AskUserQuestion",
  "ListMcpResourcesTool",
  "ReadMcpResourceTool",
  "PowerShell",
  "Monitor",
  "LSP",
  "ToolSearch",
  "TaskCreate",
  "TaskGet",
  "TaskList",
  "TaskUpdate",
  "TaskOutput",
  "TaskStop",
  "SendMessage",
  "EnterWorktree",
  "ExitWorktree",
  "CronCreate",
  "CronDelete",
  "CronList",
];
/** `Tool(param:value)`: the scalar inputs by tool. The primary field (command, path, url, subagent) never takes this form. */
const PARAMETERS: Readonly<Record<string, RegExp>> = {
  Bash: /^(?:timeout|run_in_background|description|dangerouslyDisableSandbox):/,
  Agent: /^(?:model|description|prompt|run_in_background|isolation|name|team_name|mode|resume):/,
  Read: /^(?:offset|limit|pages):/,
  WebFetch: /^prompt:/,
};

/** Where it stands and what it says. */
export interface ClaudeRule {
  readonly list: RuleList;
  readonly text: string;
  readonly at: Span;
  readonly base: Base;
}

/** Carries one rule over, or says why not. */
export function importClaudeRule(rule: ClaudeRule, draft: Draft): void {
  const match = /^([^\s()]+?)(?:\(([\s\S]*)\))?$/.exec(rule.text.trim());
  const [, written, inner] = match ?? [];
  if (written === undefined) return lost(rule, draft, "is not of the form `Tool` or `Tool(specifier)`");
  const name = KNOWN.includes(written)
    ? written
    : (KNOWN.find((tool) => tool.toLowerCase() === written.toLowerCase()) ?? written);
  if (name !== written) {
    const there = `matches nothing there: the tool is called ${name}`;
    if (rule.list === "allow") return told(rule, draft, there, "not carried over");
    told(rule, draft, there, `binds here as a rule for ${name}, which is stricter`);
  }
  if (name.startsWith("mcp__")) return mcp(rule, draft, name, inner);
  if (name.includes("*")) return starred(rule, draft, name);
  const tool = name === "Task" ? "Agent" : name;
  const specifier = inner === undefined || inner.trim() === "" || inner.trim() === "*" ? undefined : inner.trim();
  if (specifier !== undefined && Object.hasOwn(PARAMETERS, tool) && PARAMETERS[tool]?.test(specifier))
    return parameter(rule, draft, tool, specifier);
  if (specifier === undefined) return carry(rule, draft, tool);
  if (tool === "Bash") return bash(rule, draft, specifier);
  if (READS.includes(tool) || WRITES.includes(tool)) return path(rule, draft, tool, specifier);
  if (tool === "WebFetch")
    return /^domain:\S+$/.test(specifier)
      ? carry(rule, draft, `WebFetch(${specifier})`)
      : whole(rule, draft, tool, "names no domain");
  if (tool === "Agent") return carry(rule, draft, `Agent(${specifier})`);
  if (tool === "Cd") return directory(rule, draft, specifier);
  return whole(rule, draft, tool, "is judged by its name only here");
}

function carry(rule: ClaudeRule, draft: Draft, text: string, note?: string): void {
  draft.rule(rule.list, text, rule.at, note === undefined ? {} : { note });
}

/** A rule that says nothing we can hold. An allow is left out; a limit that nobody can write down is said as what it is. */
function lost(rule: ClaudeRule, draft: Draft, why: string): void {
  told(
    rule,
    draft,
    `permissions.${rule.list}`,
    `not carried over: it ${why}${rule.list === "allow" ? "" : "; without it the act asks, or follows the other rules"}`,
  );
}

/** The nearest tighter rule of a specifier that we cannot express: the whole tool. An allow would grow, so it is left out. */
function whole(rule: ClaudeRule, draft: Draft, tool: string, why: string): void {
  if (rule.list === "allow")
    return told(
      rule,
      draft,
      "allowed there",
      `not carried over: ${tool} ${why}, so the rule would allow more; it asks`,
    );
  if (draft.rule(rule.list, tool, rule.at, { note: `was ${rule.text}` }))
    told(rule, draft, `permissions.${rule.list}`, `became \`${tool}\` as a whole: ${tool} ${why}`);
}

function bash(rule: ClaudeRule, draft: Draft, specifier: string): void {
  const early = specifier.search(/:\*(?=.)/);
  if (early >= 0 && specifier !== ":*") {
    if (rule.list === "allow")
      return told(rule, draft, "`:*` before its end is literal text there", "not carried over: it would match nothing");
    const start = specifier.slice(0, early);
    told(rule, draft, "`:*` before its end is literal text there", `became \`Bash(${start} *)\`, which is stricter`);
    return carry(rule, draft, start === "" ? "Bash" : `Bash(${start} *)`, `was ${rule.text}`);
  }
  carry(rule, draft, `Bash(${specifier})`);
}

function path(rule: ClaudeRule, draft: Draft, tool: string, specifier: string): void {
  const ours = READS.includes(tool) ? "Read" : "Edit";
  // there braces are braces; who wrote them meant a choice, so a limit holds for both
  const forms = rule.list === "allow" ? [specifier] : braced(specifier);
  if (!forms.every(isCommon) && !(forms.length > 1 && forms.slice(1).every(isCommon)))
    return whole(rule, draft, ours, "takes no negation, escape, brace or extended glob in a pattern here");
  if (NEVER_CONSULTED.includes(tool)) {
    const there = `a path rule of ${tool} is accepted there and never consulted`;
    if (rule.list === "allow")
      return told(rule, draft, there, `not carried over; if it is meant, write \`${ours}(${specifier})\``);
    told(rule, draft, there, `binds here as \`${ours}(${specifier})\`, which is stricter`);
  }
  for (const form of forms) {
    const placed = form.startsWith("/") && !form.startsWith("//") ? `${rule.base}${form.slice(1)}` : form;
    // a limit on `dir/**` with one segment holds at any depth there
    const anyDepth = /^[^/*?[~.][^/*?[]*\/\*\*$/.test(placed) ? `**/${placed}` : placed;
    carry(rule, draft, `${ours}(${rule.list === "allow" ? allowPattern(placed) : anyDepth})`);
  }
}

function directory(rule: ClaudeRule, draft: Draft, specifier: string): void {
  if (rule.list === "allow")
    return told(
      rule,
      draft,
      "changing to that directory is allowed there",
      "not carried over: outside the workspace `cd` asks, inside it is free",
    );
  told(
    rule,
    draft,
    `changing to that directory is permissions.${rule.list} there`,
    `became \`Read(${specifier})\`, which is stricter: nothing below it is read`,
  );
  // whether `/x` is the disk's or the project's, both are closed
  const places = /^\/[^/]/.test(specifier) ? [`/${specifier}`, `${rule.base}${specifier.slice(1)}`] : [specifier];
  for (const place of places) carry(rule, draft, `Read(${place})`, `was ${rule.text}`);
}

function parameter(rule: ClaudeRule, draft: Draft, tool: string, specifier: string): void {
  if (tool === "Bash" && specifier.startsWith("dangerouslyDisableSandbox:"))
    return told(
      rule,
      draft,
      "guards the way out of the agent's own sandbox",
      "needs no rule: nothing leaves the fence here",
    );
  if (rule.list === "allow") return told(rule, draft, "an allow by parameter means nothing there", "not carried over");
  whole(rule, draft, tool, "is not judged by parameters here");
}

function mcp(rule: ClaudeRule, draft: Draft, name: string, inner: string | undefined): void {
  if (inner !== undefined) {
    if (rule.list === "allow")
      return told(rule, draft, "an allow by parameter means nothing there", "not carried over");
    // one top-level parameter and a value that reaches to the end: the same words mean the same here
    if (/^[A-Za-z_$][\w$-]*:/.test(inner.trim()) && parseRule(`${name}(${inner.trim()})`).ok)
      return carry(rule, draft, `${name}(${inner.trim()})`);
    told(
      rule,
      draft,
      `permissions.${rule.list} by a parameter`,
      `became \`${name}\` as a whole: its parameter is not understood here`,
    );
    return carry(rule, draft, name, `was ${rule.text}`);
  }
  const server = /^mcp__(.*?)(?:__|$)/.exec(name)?.[1] ?? "";
  if (rule.list === "allow" && server.includes("*"))
    return told(
      rule,
      draft,
      "an allow with a star in the server's name means nothing there",
      "not carried over: name the server",
    );
  carry(rule, draft, name);
}

/** A star in a tool's name works there for limits only. Ours name tools, so it becomes every known tool that it fits. */
function starred(rule: ClaudeRule, draft: Draft, name: string): void {
  if (rule.list === "allow")
    return told(
      rule,
      draft,
      "an allow with a star in the tool's name means nothing there",
      "not carried over: name the tools",
    );
  const pieces = name.split(/\*+/).map((part) => part.replace(/[.\\^$+?()[\]{}|]/g, "\\$&"));
  const fits = new RegExp(`^${wildcardSource(pieces, ".")}$`);
  const tools = [
    ...KNOWN.filter((tool) => tool !== "Task" && fits.test(tool)),
    ...(fits.test("mcp__x__y") ? ["mcp__*"] : []),
  ];
  told(
    rule,
    draft,
    `permissions.${rule.list} for every tool of that name`,
    tools.length === 0
      ? "not carried over: no known tool fits"
      : `became a rule for each of the ${tools.length} known tools that fit; a tool that is not known asks`,
  );
  for (const tool of tools) carry(rule, draft, tool, `was ${rule.text}`);
}

/** Tells what became of a rule, at its place. */
function told({ text, at }: ClaudeRule, draft: Draft, there: string, here: string): void {
  draft.say(text, at, there, here);
}
