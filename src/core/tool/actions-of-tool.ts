// A tool call by its unambiguous name, whatever agent has the tool (`check --tool`, batch lines, adapters) → the Actions it stands for.
// A name that is not known is `other`, and asks; an input that lacks what its tool needs is none at all, and is denied.
import type { Action } from "../action.ts";
import { PATH_FIELDS, type ToolInput, toolInput } from "./input.ts";
import { filesOfPatch } from "./patch.ts";
import { addressesIn, addressOf } from "./web-address.ts";

/** What one call stands for: all of them are judged, and the strictest answer counts. */
export type Actions = readonly [Action, ...Action[]];

type Maker = (input: ToolInput, cwd: string, raw: unknown) => readonly Action[] | undefined;

/** Claude Code, Codex, Cursor, Copilot CLI, Gemini CLI and OpenCode, and the editors that models were trained on. */
const TOOLS: ReadonlyMap<string, Maker> = new Map(
  (
    [
      [
        shell,
        "Bash Shell bash shell sh local_shell shell_command run_shell_command exec_command run_terminal_cmd execute_command",
      ],
      [typed, "write_stdin write_bash"],
      [reads, "Read NotebookRead read_file view read view_image read_notebook lsp cat"],
      [manyReads, "read_many_files"],
      [names, "LS Glob ls list list_directory list_dir glob file_search find_files"],
      [searches, "Grep grep grep_search search_file_content rg ripgrep SemanticSearch codebase_search"],
      [at("write"), "Write write_file write create create_file save_file"],
      [
        at("edit"),
        "Edit MultiEdit NotebookEdit EditNotebook edit edit_file multiedit multi_edit replace StrReplace str_replace insert search_replace edit_notebook notebook_edit",
      ],
      [editor, "str_replace_editor str_replace_based_edit_tool"],
      [patch, "apply_patch patch ApplyPatch"],
      [at("delete"), "Delete delete_file delete"],
      [fetches, "WebFetch webfetch web_fetch fetch_url"],
      [agents, "Agent Task task spawn_agent invoke_agent delegate_to_agent"],
    ] as const
  ).flatMap(([make, words]) => words.split(" ").map((name): [string, Maker] => [name, make])),
);

/** The actions of a call, or `undefined` when the input does not have what the tool needs: the caller denies it. */
export function actionsOfTool(tool: string, input: unknown, cwd: string): Actions | undefined {
  const make = TOOLS.get(tool) ?? (/^mcp__?./.test(tool) ? mcp(tool) : undefined);
  const actions = make === undefined ? [{ kind: "other" as const, tool, input }] : make(toolInput(input), cwd, input);
  const [first, ...more] = actions ?? [];
  return first === undefined ? undefined : [first, ...more];
}

function absolute(path: string, cwd: string): string | undefined {
  const plain = path.replace(/^file:\/\/(?:localhost)?(?=\/)/i, "");
  return path === "" || path.includes("\0") ? undefined : plain.startsWith("/") ? plain : `${cwd}/${plain}`;
}

/** One action for each path; none at all when one is unreadable or, without a fallback, when there is none. */
function onPaths(
  input: ToolInput,
  cwd: string,
  action: (path: string) => Action,
  fallback: readonly string[] = [],
): readonly Action[] | undefined {
  const written = input.texts(...PATH_FIELDS);
  const paths = (written?.length === 0 ? fallback : written)?.map((path) => absolute(path, cwd));
  return paths?.every((path) => path !== undefined) ? paths.map(action) : undefined;
}

/** A command as a text, or as the words a program is started with. */
function shell(input: ToolInput, cwd: string, raw: unknown): readonly Action[] | undefined {
  const text = input.text("command", "cmd", "script") ?? quotedWords(raw);
  if (text === undefined) return undefined;
  const elsewhere = input.texts("workdir", "dir_path", "directory", "cwd", "working_directory");
  const folder = elsewhere?.[0] === undefined ? cwd : absolute(elsewhere[0], cwd);
  if (folder === undefined || elsewhere === undefined || elsewhere.length > 1) return undefined;
  return [{ kind: "exec", command: text, cwd: folder }, ...escapes(input, raw)];
}

function quotedWords(raw: unknown): string | undefined {
  const words = typeof raw === "object" && raw !== null && "command" in raw ? raw.command : undefined;
  return Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === "string")
    ? words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")
    : undefined;
}

/** A wish to leave the agent's own sandbox is one of its own: no rule for the command covers it. */
function escapes(input: ToolInput, raw: unknown): readonly Action[] {
  const asked =
    input.asks("dangerouslyDisableSandbox", "with_escalated_permissions") ||
    input.text("sandbox_permissions") === "require_escalated";
  return asked ? [{ kind: "other", tool: "unsandboxed", input: raw }] : [];
}

/** Text typed into a program that runs already. Whether that is a shell is not known, so what a shell would make of it only tightens. */
function typed(input: ToolInput, cwd: string, raw: unknown): readonly Action[] | undefined {
  const text = input.text("chars", "input", "text") ?? "";
  const judged: Action = { kind: "exec", command: text, cwd };
  return text === "" ? [judged] : [judged, { kind: "other", tool: "write_stdin", input: raw }];
}

function reads(input: ToolInput, cwd: string): readonly Action[] | undefined {
  return onPaths(input, cwd, (path) => ({ kind: "read", path }));
}

/** Gemini's: `include` holds patterns beside the paths; a file below any of them may be read. */
function manyReads(input: ToolInput, cwd: string): readonly Action[] | undefined {
  const written = input.texts(...PATH_FIELDS, "include", "includes");
  if (written === undefined || written.length === 0) return undefined;
  const folders = written.map((pattern) => absolute(constantPart(pattern), cwd));
  return folders.every((path) => path !== undefined)
    ? folders.map((path) => ({ kind: "read", path, recursive: true }))
    : undefined;
}

/** Lists names; a pattern may lead out of the folder it is looked for in. */
function names(input: ToolInput, cwd: string): readonly Action[] | undefined {
  const listed = onPaths(input, cwd, (path) => ({ kind: "read", path }), [cwd]);
  const patterns = input
    .texts("pattern", "glob_pattern", "patterns")
    ?.filter((p) => /^[/~]|(?:^|\/)\.\.(?:\/|$)/.test(p));
  const more = patterns?.map((pattern) => absolute(constantPart(pattern), cwd));
  return listed !== undefined && more?.every((path) => path !== undefined)
    ? [...listed, ...more.map((path): Action => ({ kind: "read", path }))]
    : undefined;
}

function searches(input: ToolInput, cwd: string): readonly Action[] | undefined {
  return onPaths(input, cwd, (path) => ({ kind: "read", path, recursive: true }), [cwd]);
}

/** The folder above the first component that is a pattern. */
function constantPart(pattern: string): string {
  const wild = pattern.search(/[*?[{]/);
  return wild < 0 ? pattern : pattern.slice(0, pattern.lastIndexOf("/", wild) + 1) || ".";
}

function at(kind: "write" | "edit" | "delete"): Maker {
  return (input, cwd) => onPaths(input, cwd, (path) => ({ kind, path }));
}

/** The editor tool that models were trained on: one name, and a word for what it does. */
function editor(input: ToolInput, cwd: string): readonly Action[] | undefined {
  switch (input.text("command")) {
    case "view":
      return reads(input, cwd);
    case "create":
      return at("write")(input, cwd, undefined);
    case "str_replace":
    case "insert":
    case "undo_edit":
      return at("edit")(input, cwd, undefined);
    default:
      return undefined;
  }
}

function patch(input: ToolInput, cwd: string, raw: unknown): readonly Action[] | undefined {
  const text = typeof raw === "string" ? raw : input.text("input", "patch", "patchText", "patch_text", "command");
  const files = text === undefined ? undefined : filesOfPatch(text);
  const actions = files?.map(({ kind, path }) => ({ kind, path: absolute(path, cwd) }));
  return actions?.every((action): action is { kind: typeof action.kind; path: string } => action.path !== undefined)
    ? actions
    : undefined;
}

/** One URL, a list of them, or a prompt that names some. */
function fetches(input: ToolInput): readonly Action[] | undefined {
  const urls = input.texts("url", "urls");
  const addresses =
    urls === undefined ? undefined : urls.length > 0 ? urls.map(addressOf) : addressesIn(input.text("prompt") ?? "");
  return addresses?.every((address) => address !== undefined)
    ? addresses.map((address) => ({ kind: "fetch", ...address }))
    : undefined;
}

function agents(input: ToolInput): readonly Action[] {
  const name = input.text("subagent_type", "agent_type", "agent_name", "agent", "name");
  return [{ kind: "agent", name: name ?? "general-purpose" }];
}

/** `mcp__server__tool`, and Gemini's `mcp_server_tool`, whose server names hold no underscore. */
function mcp(name: string): Maker | undefined {
  const [, server, tool] = /^mcp__(.+?)__(.+)$/.exec(name) ?? /^mcp_([^_]+)_(.+)$/.exec(name) ?? [];
  if (server === undefined || tool === undefined) return undefined;
  return (_input, _cwd, raw) => [{ kind: "mcp", server, tool, input: raw }];
}
