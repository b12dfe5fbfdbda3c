// Gemini CLI: a policy in TOML (`[[rule]]`, the highest priority wins) or its settings.json (facts: docs/import.md).
import type { Problem, Span } from "../../result.ts";
import type { Draft } from "./draft.ts";
import { addFolder } from "./folder.ts";
import { GEMINI_TOOLS, geminiRule, type Ranked } from "./gemini-rule.ts";
import { readJson } from "./jsonc.ts";
import { addOrdered } from "./ordered.ts";
import PREFERENCES from "./preferences.json" with { type: "json" };
import type { ImportSource } from "./source.ts";
import { readToml } from "./toml.ts";
import { flagOf, shown, type Tree, textOf } from "./tree.ts";
import { always, type Handler, type Handlers, map, none, preferences, silent, texts, walk } from "./walk.ts";

/** The importer: TOML when the file's name says so or it is not JSON. */
export function importGemini(source: ImportSource, draft: Draft): readonly Problem[] {
  const json = /\.json$/i.test(source.path) || /^\s*(?:\/\/|\/\*|\{)/.test(source.text);
  const tree = json ? readJson(source.file, source.text) : readToml(source.file, source.text);
  if (!tree.ok) return [tree.error];
  if (json) walk(tree.value, "", settings(draft), draft);
  else {
    const said = none(draft, "a check by another program or model there", "has no equal here");
    walk(tree.value, "", { rule: (value) => policy(value, draft), safety_checker: said }, draft);
  }
  return [];
}

function policy(value: Tree, draft: Draft): void {
  const items = value.kind === "list" ? value.items : [value];
  const ranked = items.flatMap((item, index) => geminiRule(item, index, draft) ?? []);
  const strongest = ranked
    .map((r, index) => ({ ...r, index }))
    .sort((a: Ranked & { index: number }, b) => b.priority - a.priority || a.index - b.index);
  addOrdered(
    strongest.flatMap((r) => r.rules),
    draft,
  );
}

function settings(draft: Draft): Handlers {
  const allowed = texts(draft, (text, at, key) => toolRule("allow", text, `${key}: ${text}`, at, draft));
  const excluded = texts(draft, (text, at, key) => toolRule("deny", text, `${key}: ${text}`, at, draft));
  const core: Handler = (value, key) => onlyTools(value, key, draft);
  const servers: Handler = map(draft, {}, (value, key) =>
    walk(value, key, server(key.slice(key.indexOf(".") + 1), draft), draft),
  );
  const sandbox = none(draft, "the agent's own sandbox there", "needs no rule: everything runs in the fence");
  return {
    $schema: silent,
    tools: map(draft, {
      allowed,
      exclude: excluded,
      core,
      sandbox,
      autoAccept: always(
        draft,
        false,
        "harmless calls need no answer there",
        "stricter here: rules and the read-only set decide",
      ),
      ...preferences(
        draft,
        "shell",
        "useRipgrep",
        "truncateToolOutputThreshold",
        "truncateToolOutputLines",
        "enableToolOutputTruncation",
        "sandboxAllowedPaths",
        "sandboxNetworkAccess",
      ),
      discoveryCommand: none(
        draft,
        "a command that the agent starts by itself there",
        "not carried over: it runs inside the fence",
      ),
      callCommand: none(
        draft,
        "a command that the agent starts by itself there",
        "not carried over: it runs inside the fence",
      ),
    }),
    allowedTools: allowed,
    excludeTools: excluded,
    coreTools: core,
    sandbox,
    autoAccept: always(
      draft,
      false,
      "harmless calls need no answer there",
      "stricter here: rules and the read-only set decide",
    ),
    mcpServers: servers,
    mcp: map(draft, {
      allowed: texts(draft, (name, at, key) =>
        draft.say(
          `${key}: ${name}`,
          at,
          "may start there",
          "needs no rule: its tools ask unless `mcp__SERVER__TOOL` allows them",
        ),
      ),
      excluded: texts(draft, (name, at) => void draft.rule("deny", `mcp__${name}`, at)),
      serverCommand: none(draft, "starts a server there", "not carried over: it starts inside the fence"),
    }),
    general: map(draft, {
      defaultApprovalMode: approvalMode(draft),
      ...preferences(draft, ...PREFERENCES.gemini),
    }),
    security: map(draft, {
      disableYoloMode: (value, key, at) => {
        if (flagOf(value) === true)
          draft.add({ key: "permissions.disableBypassPermissionsMode", value: "disable", at });
        else
          draft.say(
            `${key}: ${shown(value)}`,
            at,
            "full automation may be asked for there",
            "stricter here: full bypass needs an isolating runtime and is refused as root",
          );
      },
      folderTrust: none(
        draft,
        "whether settings of a folder count there",
        "needs no rule: a policy inside a workspace loosens only after `ringfence policy trust`",
      ),
      ...preferences(
        draft,
        "auth",
        "enablePermanentToolApproval",
        "blockGitExtensions",
        "allowedExtensions",
        "environmentVariableRedaction",
        "toolSandboxing",
        "disableAlwaysAllow",
        "autoAddToPolicyByDefault",
        "enableConseca",
      ),
    }),
    context: map(
      draft,
      {
        includeDirectories: texts(draft, (text, at, key) => addFolder(text, key, at, draft)),
      },
      none(draft, "a preference of the agent, not a permission", "stays in the agent's own settings"),
    ),
    hooks: none(
      draft,
      "runs commands of the agent's own there",
      "not carried over: keep them in the agent's settings; they run inside the fence",
    ),
    hooksConfig: none(draft, "governs the agent's hooks there", "not carried over: Ringfence's own hook must stay on"),
    policyPaths: none(draft, "further policy files there", "import each of them too"),
    adminPolicyPaths: none(draft, "further policy files there", "import each of them too"),
    ...preferences(
      draft,
      "ui",
      "model",
      "modelConfigs",
      "theme",
      "telemetry",
      "privacy",
      "output",
      "ide",
      "billing",
      "advanced",
      "experimental",
      "extensions",
      "skills",
      "agents",
      "useWriteTodos",
      "admin",
    ),
  };
}

function approvalMode(draft: Draft): Handler {
  return (value, key, at) => {
    const mode = { default: "default", auto_edit: "acceptEdits", plan: "plan" }[textOf(value) ?? ""];
    if (mode !== undefined) draft.add({ key: "permissions.mode", value: mode, at });
    else draft.say(`${key}: ${shown(value)}`, at, "the mode at start there", "not carried over: the mode is `default`");
  };
}

/** `run_shell_command(git status)`, `write_file`, `server__tool`. */
function toolRule(list: "allow" | "deny", text: string, label: string, at: Span, draft: Draft): void {
  const match = /^([A-Za-z0-9_*.-]+?)(?:\((.*)\))?$/s.exec(text.trim());
  const [, name, inner] = match ?? [];
  if (name === undefined)
    return draft.say(
      label,
      at,
      `${list === "allow" ? "allowed" : "denied"} there`,
      "not carried over: it names no tool",
    );
  const tool = Object.hasOwn(GEMINI_TOOLS, name) ? (GEMINI_TOOLS[name] ?? name) : name;
  const mcp = /^(?:mcp_)?([A-Za-z0-9.-]+)__(.+)$/.exec(name);
  if (tool === "Bash" && inner !== undefined && inner.trim() !== "")
    draft.rule(list, `Bash(${inner.trim().replace(/:\*$|\s*\*$/, "")} *)`, at);
  else if (inner !== undefined && list === "allow")
    draft.say(label, at, "allowed by an argument there", "not carried over: it would allow more here");
  else if (mcp !== null) draft.rule(list, mcp[2] === "*" ? `mcp__${mcp[1]}` : `mcp__${mcp[1]}__${mcp[2]}`, at);
  else {
    if (inner !== undefined)
      draft.say(label, at, "denied by an argument there", `became \`${tool}\` as a whole, which is stricter`);
    draft.rule(list, list === "allow" && (tool === "Read" || tool === "Edit") ? `${tool}(./**)` : tool, at);
  }
}

/** `tools.core` is the whole list of built-in tools: a kind of tool that is not on it is denied. */
function onlyTools(value: Tree, key: string, draft: Draft): void {
  const names = (value.kind === "list" ? value.items : [value]).flatMap((item) => textOf(item) ?? []);
  const kinds = new Set(names.map((name) => GEMINI_TOOLS[name.replace(/\(.*$/s, "")] ?? name));
  for (const tool of ["Bash", "Edit", "Read", "WebFetch"])
    if (!kinds.has(tool)) draft.rule("deny", tool, value.at, { note: `${key} does not name it` });
  const parts = names.filter((name) => /^(?:run_shell_command|ShellTool)\(/.test(name));
  if (parts.length > 0 && !names.some((name) => /^(?:run_shell_command|ShellTool)$/.test(name))) {
    draft.add({
      key: "permissions.mode",
      value: "dontAsk",
      at: value.at,
      note: `${key} names the only commands there are`,
    });
    for (const part of parts) toolRule("allow", part, part, value.at, draft);
  }
  draft.say(
    key,
    value.at,
    "the only built-in tools there are",
    parts.length > 0
      ? "stricter here: mode `dontAsk`, what no rule allows is denied; commands that only read pass still"
      : "kinds of tools that it does not name are denied here; the others follow the rules",
  );
}

function server(name: string, draft: Draft): Handlers {
  const start = none(draft, "how the server is started there", "not carried over: Gemini starts it inside the fence");
  return {
    trust: (value, key, at) => {
      if (flagOf(value) === true && /^[A-Za-z0-9_.-]+$/.test(name)) draft.rule("allow", `mcp__${name}`, at);
      else if (flagOf(value) !== false)
        draft.say(`${key}: ${shown(value)}`, at, "its tools need no answer there", "not carried over: they ask");
    },
    excludeTools: texts(
      draft,
      (tool, at) => void draft.rule("deny", `mcp__${name}__${tool.replace(/\(.*$/s, "")}`, at),
    ),
    includeTools: none(
      draft,
      "the only tools of the server there",
      "stricter by asking: tools that no rule allows ask here",
    ),
    ...Object.fromEntries(
      [
        "command",
        "args",
        "env",
        "cwd",
        "url",
        "httpUrl",
        "headers",
        "timeout",
        "tcp",
        "type",
        "oauth",
        "authProviderType",
        "description",
        "extensionName",
        "targetAudience",
        "targetServiceAccount",
      ].map((key) => [key, ["command", "url", "httpUrl"].includes(key) ? start : silent]),
    ),
  };
}
