// What is written into an agent's own settings, and how it is found and taken out again: pure, one table for all agents.
import { type HookedAgent, ok, type Problem, type Result } from "#core";
import {
  appendTo,
  cutMember,
  type JsonForm,
  type JsonList,
  type JsonNode,
  jsonValue,
  memberOf,
  nodeAt,
  parseJsonText,
  setMissing,
} from "#core/settings";

/** An agent whose hooks stand in a JSON file. OpenCode has a plugin instead. */
export type SettingsAgent = Exclude<HookedAgent, "opencode">;

/** One event that is installed. */
export interface InstalledEvent {
  readonly name: string;
  /** A gate's answer is obeyed. A watch's output and exit code are thrown away by the shell, so that it can never block or loop an agent. */
  readonly gate: boolean;
  readonly timeoutSeconds: number;
  readonly matcher?: string;
}

/** Long enough for a person to answer; the client's own deadline is shorter, because every agent runs the call after a time-out. */
export const HOOK_TIMEOUT_SECONDS = 180;

/** Cursor's shell, files and servers have events of their own that are older; together they would ask twice. */
const CURSOR_REST = "^(?!(?:Shell|Read|MCP:.*)$)";

/** The events of each agent. Why each of them: docs/hooks.md. */
export const EVENTS: Readonly<Record<SettingsAgent, readonly InstalledEvent[]>> = {
  "claude-code": events(
    "PreToolUse PermissionRequest UserPromptSubmit",
    "PostToolUse PostToolUseFailure SessionStart SessionEnd Stop SubagentStop",
  ),
  codex: events("PreToolUse PermissionRequest UserPromptSubmit", "PostToolUse SessionStart Stop SubagentStop").concat([
    // More than 3 s is clamped with a warning at every start.
    { name: "SessionEnd", gate: false, timeoutSeconds: 3 },
  ]),
  copilot: events(
    "PreToolUse PermissionRequest UserPromptSubmit",
    "PostToolUse PostToolUseFailure SessionStart SessionEnd",
  ),
  gemini: events("BeforeTool BeforeAgent", "AfterTool AfterAgent SessionStart SessionEnd"),
  cursor: events(
    "beforeShellExecution beforeMCPExecution beforeReadFile beforeSubmitPrompt preToolUse",
    "afterShellExecution afterMCPExecution postToolUse afterAgentResponse sessionStart sessionEnd",
  ).map((event) => (event.name.endsWith("ToolUse") ? { ...event, matcher: CURSOR_REST } : event)),
};

const PLAIN: JsonForm = { bom: false, comments: false, trailingCommas: false };
/** What each agent's reader takes (seen; of Cursor nothing is known). What it does not take it skips without a word, and every hook in it. */
const FORMS: Readonly<Record<SettingsAgent, JsonForm>> = {
  "claude-code": { ...PLAIN, bom: true },
  codex: PLAIN,
  copilot: PLAIN,
  gemini: { ...PLAIN, comments: true },
  cursor: PLAIN,
};

function events(gates: string, watches: string): readonly InstalledEvent[] {
  const of = (names: string, gate: boolean): readonly InstalledEvent[] =>
    names.split(" ").map((name) => ({ name, gate, timeoutSeconds: HOOK_TIMEOUT_SECONDS }));
  return [...of(gates, true), ...of(watches, false)];
}

/**
 * The shell text of an event: `client` is the quoted program and its words. Agents run the call after any code but 0 and 2, so the shell makes 2 of a
 * client that was killed, or is not there any more; these words mean the same in every shell that an agent may use.
 */
export function commandOf(event: InstalledEvent, client: string): string {
  return event.gate ? `${client} || exit 2` : `${client} >/dev/null 2>&1 || :`;
}

/** One entry in the agent's own form. */
export function entryOf(agent: SettingsAgent, event: InstalledEvent, client: string): unknown {
  const command = commandOf(event, client);
  const { timeoutSeconds, gate, matcher } = event;
  switch (agent) {
    case "claude-code":
    case "codex":
      return { hooks: [{ type: "command", command, timeout: timeoutSeconds }] };
    case "gemini":
      return { hooks: [{ type: "command", name: "ringfence", command, timeout: timeoutSeconds * 1000 }] };
    case "copilot":
      return { type: "command", bash: command, timeoutSec: timeoutSeconds };
    case "cursor":
      return {
        command,
        timeout: timeoutSeconds,
        ...(gate ? { failClosed: true } : {}),
        ...(matcher === undefined ? {} : { matcher }),
      };
    default:
      return agent satisfies never;
  }
}

/** The file's text with every entry added. An empty file becomes a whole one. */
export function withHooks(agent: SettingsAgent, text: string, file: string, client: string): Result<string, Problem> {
  const start: Result<string, Problem> = ok(text.replace(/^\ufeff/, "").trim() === "" ? emptied(text) : text);
  const readable = start.ok ? parseJsonText(start.value, file, FORMS[agent]) : start;
  if (!readable.ok) return readable;
  const versioned = agent === "copilot" || agent === "cursor";
  const first = start.ok && versioned ? setMissing(start.value, file, "version", 1) : start;
  return EVENTS[agent].reduce<Result<string, Problem>>(
    (done, event) =>
      done.ok ? appendTo(done.value, file, ["hooks", event.name], entryOf(agent, event, client)) : done,
    first,
  );
}

function emptied(text: string): string {
  const line = /\r\n/.test(text) ? "\r\n" : "\n";
  return `${text.startsWith("\ufeff") ? "\ufeff" : ""}{}${line}`;
}

/** True for a command that an installation of ours wrote for this agent, wherever that stood. */
export function isOurs(command: unknown, agent: HookedAgent): boolean {
  return typeof command === "string" && new RegExp(`ringfence(?:-helper)?'? hook ${agent}(?: |$)`).test(command);
}

/** The text without our entries, in whatever event, and without the keys that an installation made and that are empty now. */
export function withoutHooks(
  agent: SettingsAgent,
  text: string,
  file: string,
  made: readonly (readonly string[])[],
): Result<string, Problem> {
  if (text.replace(/^\ufeff/, "").trim() === "") return ok(text);
  let current = text;
  for (;;) {
    const root = parseJsonText(current, file);
    if (!root.ok) return root;
    const next = cutOne(agent, current, root.value) ?? cutMade(current, root.value, made);
    if (next === undefined) return ok(current);
    current = next;
  }
}

// A group with our handler alone goes as a whole; where a person put theirs beside it, only ours goes.
function cutOne(agent: SettingsAgent, text: string, root: JsonNode): string | undefined {
  const hooks = memberOf(root, "hooks")?.value;
  for (const { value: list } of hooks?.kind === "object" ? hooks.members : []) {
    if (list.kind !== "list") continue;
    for (const [index, entry] of list.members.entries()) {
      const inner = memberOf(entry, "hooks")?.value;
      if (isOurHandler(entry, agent)) return cutMember(text, list, index);
      if (inner?.kind !== "list") continue;
      const ours = inner.members.findIndex((handler) => isOurHandler(handler, agent));
      if (ours >= 0) return inner.members.length === 1 ? cutMember(text, list, index) : cutMember(text, inner, ours);
    }
  }
  return undefined;
}

function isOurHandler(node: JsonNode, agent: HookedAgent): boolean {
  return isOurs(valueAt(node, "command") ?? valueAt(node, "bash"), agent);
}

function valueAt(node: JsonNode, key: string): unknown {
  const member = memberOf(node, key);
  return member === undefined ? undefined : jsonValue(member.value);
}

function cutMade(text: string, root: JsonNode, made: readonly (readonly string[])[]): string | undefined {
  // the longest first: a list before the object that holds it
  for (const path of [...made].sort((a, b) => b.length - a.length)) {
    const parent = nodeAt(root, path.slice(0, -1));
    const node = nodeAt(root, path);
    if (parent?.kind !== "object" || node === undefined) continue;
    const index = parent.members.findIndex(({ key }) => key === path.at(-1));
    const empty = node.kind !== "scalar" && node.members.length === 0;
    // Somebody's own hooks may need the version that we wrote.
    const alone = path[0] === "version" && path.length === 1 && !hasEntries(memberOf(parent, "hooks")?.value);
    if (empty || alone) return cutMember(text, parent, index);
  }
  return undefined;
}

function hasEntries(hooks: JsonNode | undefined): boolean {
  const lists = hooks?.kind === "object" ? hooks.members : [];
  return lists.some(({ value }) => value.kind !== "scalar" && value.members.length > 0);
}

/** The paths that `withHooks` will have to make in this text. */
export function madePaths(agent: SettingsAgent, text: string, file: string): readonly (readonly string[])[] {
  const root = parseJsonText(text, file);
  const paths = [["version"], ["hooks"], ...EVENTS[agent].map(({ name }) => ["hooks", name])];
  return root.ok ? paths.filter((path) => nodeAt(root.value, path) === undefined) : paths;
}

/** For each event, our entry's place in its list, or undefined when the agent cannot read the file or one is missing: then the hooks do not stand. */
export function placesOf(
  agent: SettingsAgent,
  text: string,
  file: string,
  client: string,
): ReadonlyMap<string, number> | undefined {
  const root = parseJsonText(text, file, FORMS[agent]);
  if (!root.ok) return undefined;
  const places = new Map<string, number>();
  for (const event of EVENTS[agent]) {
    const list = nodeAt(root.value, ["hooks", event.name]);
    const wanted = JSON.stringify(entryOf(agent, event, client));
    const index = list?.kind === "list" ? indexOf(list, wanted) : -1;
    if (index < 0) return undefined;
    places.set(event.name, index);
  }
  return places;
}

function indexOf(list: JsonList, wanted: string): number {
  return list.members.findIndex((entry) => JSON.stringify(jsonValue(entry)) === wanted);
}

/** The switch in these settings that keeps the agent from running any hook of ours, as a person would write it; undefined when there is none. */
export function switchedOff(agent: SettingsAgent, text: string, file: string): string | undefined {
  const root = parseJsonText(text, file);
  if (!root.ok) return undefined;
  const at = (...path: readonly string[]): unknown => {
    const node = nodeAt(root.value, path);
    return node === undefined ? undefined : jsonValue(node);
  };
  const switches = file.startsWith("/etc/") ? ["disableAllHooks", "allowManagedHooksOnly"] : ["disableAllHooks"];
  for (const name of switches) if (at(name) === true) return `${name}: true`;
  if (agent !== "gemini") return undefined;
  if (at("hooksConfig", "enabled") === false) return "hooksConfig.enabled: false";
  const disabled = at("hooksConfig", "disabled");
  return Array.isArray(disabled) && disabled.includes("ringfence") ? "hooksConfig.disabled: [ringfence]" : undefined;
}
