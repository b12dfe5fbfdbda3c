// The hooks of an agent inside a fence, as system-wide settings of that fence: files that the agent reads, ranks above everything a repository
// or it itself may write, and cannot change there. Each path was read in the agent's own package (docs/hooks.md).

import { openCodePlugin } from "./opencode-plugin.ts";
import { shellWord } from "./places.ts";
import { commandOf, EVENTS, HOOK_TIMEOUT_SECONDS, type SettingsAgent, withHooks } from "./settings.ts";

/** A file of the fence. */
export interface InsideFile {
  /** `~/` is the HOME of the fence. */
  readonly target: string;
  readonly content: string;
}

/** The files for an agent, by its preset's name; none for one without hooks of that kind. `client`: the helper, by a path that is the same inside. */
export function insideHooks(preset: string, client: string): readonly InsideFile[] {
  switch (preset) {
    case "claude":
      return [{ target: "/etc/claude-code/managed-settings.json", content: settings("claude-code", client) }];
    case "copilot":
      // Its system-wide place counts only for files of root, and nobody is root inside: so the person's, at every start anew.
      return [{ target: "~/.copilot/hooks/ringfence.json", content: settings("copilot", client) }];
    case "cursor-agent":
      return [{ target: "/etc/cursor/hooks.json", content: settings("cursor", client) }];
    case "codex":
      return [{ target: "/etc/codex/requirements.toml", content: codexRequirements(client) }];
    case "gemini":
      // As for Copilot; an extension, because its own settings file is one that it writes.
      return [
        {
          target: `${GEMINI_EXTENSION}/gemini-extension.json`,
          content: '{ "name": "ringfence", "version": "1.0.0" }\n',
        },
        { target: `${GEMINI_EXTENSION}/hooks/hooks.json`, content: settings("gemini", client) },
      ];
    case "opencode":
      return [
        { target: OPENCODE_PLUGIN, content: openCodePlugin(plugin(client)) },
        { target: "/etc/opencode/opencode.json", content: `{ "plugin": ["file://${OPENCODE_PLUGIN}"] }\n` },
      ];
    default:
      return [];
  }
}

const GEMINI_EXTENSION = "~/.gemini/extensions/ringfence";
const OPENCODE_PLUGIN = "/etc/opencode/ringfence.js";

/** Codex runs managed hooks without asking anybody's trust; the feature is pinned, so that no other file switches it off. */
function codexRequirements(client: string): string {
  const events = EVENTS.codex.map((event) => {
    const command = commandOf(event, `${shellWord(client)} hook codex`);
    // A string of JSON is one of TOML.
    return `${event.name} = [{ hooks = [{ type = "command", command = ${JSON.stringify(command)}, timeout = ${event.timeoutSeconds} }] }]`;
  });
  const folder = client.slice(0, client.lastIndexOf("/"));
  return ["[features]", "hooks = true", "", "[hooks]", `managed_dir = ${JSON.stringify(folder)}`, ...events, ""].join(
    "\n",
  );
}

function settings(agent: SettingsAgent, client: string): string {
  const text = withHooks(agent, "", "", `${shellWord(client)} hook ${agent}`);
  if (!text.ok) throw new Error(text.error.message); // an empty file has no shape to be wrong
  return text.value;
}

function plugin(program: string): Parameters<typeof openCodePlugin>[0] {
  return { program, args: ["hook", "opencode"], timeoutMs: HOOK_TIMEOUT_SECONDS * 1000 };
}
