// A tool call by its unambiguous name, whatever agent has the tool (`check --tool`, batch lines, adapters) → the Actions it stands for.
// A name that is not known is `other`, and asks; an input that lacks what its tool needs is none at all, and is denied.
import type { Action } from "../action.ts";
import { PATH_FIELDS, type ToolInput, toolInput } from "./input.ts";
import { filesOfPatch } from "./patch.ts";
import { addressesIn, addressOf, type WebAddress } from "./web-address.ts";

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
      [fetches, "WebFetch webfetch fetch_url"],
      [asked, "web_fetch"],
      [agents, "Agent Task task spawn_agent invoke_agent delegate_to_agent"],
    ] as const
  ).flatMap(([make, words]) => words.split(" ").map((name): [string, Maker] => [name, make])),
);

/** What a rule that names such a tool speaks of: `deny: [run_shell_command]` means every command. Undefined for a name that stands for itself. */
export function familyOf(tool: string): "Bash" | "Read" | "Write" | "Edit" | "WebFetch" | "Agent" | undefined {
  switch (TOOLS.get(tool)) {
    case shell:
      return "Bash";
    case reads:
    case manyReads:
    case names:
    case searches:
    case editor: // may read, change and make: whoever may not read may do none of them
      return "Read";
    case fetches:
    case asked:
      return "WebFetch";
    case agents:
      return "Agent";
    case patch:
      return "Edit";
    case undefined:
    case typed:
      return undefined;
    default:
      return "Write";
  }
}

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

const COMMAND_FIELDS = ["command", "cmd", "script"] as const;

/** A command as a text, or as the words a program is started with. */
function shell(input: ToolInput, cwd: string, raw: unknown): readonly Action[] | undefined {
  const commands = input.values(...COMMAND_FIELDS).map((value) => (typeof value === "string" ? value : quoted(value)));
  const settings = input.values("env", "environment").map(exports);
  const elsewhere = input.texts("workdir", "dir_path", "directory", "cwd", "working_directory");
  const folder = elsewhere?.[0] === undefined ? cwd : absolute(elsewhere[0], cwd);
  if (folder === undefined || elsewhere === undefined || elsewhere.length > 1) return undefined;
  if (![...commands, ...settings].every((text) => text !== undefined)) return undefined;
  const texts = [...new Set(commands)].map((text) => [...settings, text].join(""));
  return [...texts.map((command): Action => ({ kind: "exec", command, cwd: folder })), ...escapes(input, raw)];
}

function quoted(words: unknown): string | undefined {
  return Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === "string")
    ? words.map(quote).join(" ")
    : undefined;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Variables that the command is to run with, as the shell text that sets them. */
function exports(variables: unknown): string | undefined {
  if (typeof variables !== "object" || variables === null || Array.isArray(variables)) return undefined;
  const all: readonly (readonly [string, unknown])[] = Object.entries(variables);
  return all.every(([name, value]) => /^[A-Za-z_]\w*$/.test(name) && typeof value === "string")
    ? all.map(([name, value]) => `export ${name}=${quote(String(value))}\n`).join("")
    : undefined;
}

const SHELLS = /^(?:(?:\/usr)?\/bin\/)?(?:ba|da)?sh$/;

/** A wish to leave the agent's own sandbox, to be somebody else or to be read by another program is one of its own: no rule for the command covers it. */
function escapes(input: ToolInput, raw: unknown): readonly Action[] {
  const [sandbox = "use_default"] = input.values("sandbox_permissions");
  const [reader = "bash"] = input.values("shell");
  const asked =
    input.asks("dangerouslyDisableSandbox", "with_escalated_permissions", "user") || sandbox !== "use_default";
  return [
    ...(asked ? [{ kind: "other", tool: "unsandboxed", input: raw } as const] : []),
    ...(typeof reader === "string" && SHELLS.test(reader)
      ? []
      : [{ kind: "other", tool: "shell", input: raw } as const]),
  ];
}

/** Text typed into a program that runs already. Whether that is a shell is not known, so what a shell would make of it only tightens. */
function typed(input: ToolInput, cwd: string, raw: unknown): readonly Action[] | undefined {
  const texts = input.texts("chars", "input", "text")?.filter((text) => text !== "");
  if (texts?.length === 0) return [{ kind: "exec", command: "", cwd }];
  const judged = texts?.map((command): Action => ({ kind: "exec", command, cwd }));
  return judged && [...judged, { kind: "other", tool: "write_stdin", input: raw }];
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
  return within(input, cwd, ["pattern", "glob_pattern", "patterns"], (path) => ({ kind: "read", path }));
}

/** Searches contents; here the pattern that may lead out says which files. */
function searches(input: ToolInput, cwd: string): readonly Action[] | undefined {
  const fields = ["glob", "include", "includes", "include_pattern"];
  return within(input, cwd, fields, (path) => ({ kind: "read", path, recursive: true }));
}

function within(
  input: ToolInput,
  cwd: string,
  fields: readonly string[],
  action: (path: string) => Action,
): readonly Action[] | undefined {
  const inside = onPaths(input, cwd, action, [cwd]);
  const leading = input.texts(...fields)?.filter((pattern) => /^[/~]|(?:^|\/)\.\.(?:\/|$)/.test(pattern));
  const outside = leading?.map((pattern) => absolute(constantPart(pattern), cwd));
  return inside !== undefined && outside?.every((path) => path !== undefined)
    ? [...inside, ...outside.map(action)]
    : undefined;
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
  const texts = typeof raw === "string" ? [raw] : input.texts("input", "patch", "patchText", "patch_text", "command");
  const files = texts?.map(filesOfPatch);
  if (!files?.every((each) => each !== undefined)) return undefined;
  const actions = files.flat().map(({ kind, path }) => ({ kind, path: absolute(path, cwd) }));
  return actions.every((action): action is { kind: typeof action.kind; path: string } => action.path !== undefined)
    ? actions
    : undefined;
}

/** One URL or a list of them; the words to the model beside it are none. */
function fetches(input: ToolInput): readonly Action[] | undefined {
  const urls = input.texts("url", "urls");
  return urls === undefined || urls.length > 0 ? fetched(urls?.map(addressOf)) : asked(input);
}

/** Gemini's: a prompt that names its URLs, beside a URL or without one. */
function asked(input: ToolInput): readonly Action[] | undefined {
  const [urls, prompt = ""] = [input.texts("url", "urls"), input.text("prompt")];
  const named = addressesIn(prompt);
  return urls && named && fetched([...urls.map(addressOf), ...named]);
}

function fetched(addresses: readonly (WebAddress | undefined)[] | undefined): readonly Action[] | undefined {
  return addresses?.every((address) => address !== undefined)
    ? addresses.map((address) => ({ kind: "fetch", ...address }))
    : undefined;
}

/** `name` is what some agents call the kind of a child, and others the child itself: it counts where nothing else is said. */
function agents(input: ToolInput): readonly Action[] | undefined {
  const kinds = input.texts("subagent_type", "agent_type", "agent_name", "agent");
  const named = kinds?.length === 0 ? input.texts("name") : kinds;
  return named && (named.length === 0 ? ["general-purpose"] : named).map((name) => ({ kind: "agent", name }));
}

/** `mcp__server__tool`, and Gemini's `mcp_server_tool`, whose server names hold no underscore. */
function mcp(name: string): Maker | undefined {
  const [, server, tool] = /^mcp__(.+?)__(.+)$/.exec(name) ?? /^mcp_([^_]+)_(.+)$/.exec(name) ?? [];
  if (server === undefined || tool === undefined) return undefined;
  return (_input, _cwd, raw) => [{ kind: "mcp", server, tool, input: raw }];
}
