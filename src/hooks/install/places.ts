// Where each agent looks for hooks: one table, from their own documentation and code (docs/hooks.md). Pure.
import type { HookedAgent } from "#core";

/** Whose sessions are guarded: all of this person's, or all that start in this project. */
export type InstallScope = "user" | "project";

/** What the caller knows of the machine. */
export interface InstallSite {
  readonly scope: InstallScope;
  readonly home: string;
  /** The project's root; used with scope `project`. */
  readonly root: string;
  /** The person's own variables: agents let their folder be moved. */
  readonly env: Readonly<Record<string, string>>;
}

/** One file, and the folder that it must really lie in. */
export interface SettingsPlace {
  readonly path: string;
  readonly base: string;
}

/** The agent's hook file. */
export function hookFileOf(agent: HookedAgent, site: InstallSite): SettingsPlace {
  const { home, root, env } = site;
  const inProject = site.scope === "project";
  const folder = (own: string, variable?: string): SettingsPlace => {
    const moved = variable === undefined || inProject ? undefined : env[variable];
    if (moved?.startsWith("/")) return { path: moved, base: moved };
    return inProject ? { path: `${root}/${own}`, base: root } : { path: `${home}/${own}`, base: home };
  };
  const at = ({ path, base }: SettingsPlace, name: string): SettingsPlace => ({ path: `${path}/${name}`, base });
  switch (agent) {
    case "claude-code":
      return at(folder(".claude", "CLAUDE_CONFIG_DIR"), "settings.json");
    case "codex":
      return at(folder(".codex", "CODEX_HOME"), "hooks.json");
    case "cursor":
      return at(folder(".cursor"), "hooks.json");
    case "copilot":
      return at(folder(inProject ? ".github" : ".copilot", "COPILOT_HOME"), "hooks/ringfence.json");
    case "gemini":
      return at(folder(".gemini"), "settings.json");
    case "opencode":
      return inProject
        ? at(folder(".opencode"), "plugins/ringfence.js")
        : at(folder(".config", "XDG_CONFIG_HOME"), "opencode/plugins/ringfence.js");
    default:
      return agent satisfies never;
  }
}

/** Other files in which a switch keeps the agent from running a person's hooks: a repository brings those of its project along (seen). */
export function switchFilesOf(agent: HookedAgent, root: string): readonly string[] {
  const claude = [`${root}/.claude/settings.json`, `${root}/.claude/settings.local.json`];
  switch (agent) {
    case "claude-code":
      return ["/etc/claude-code/managed-settings.json", ...claude];
    case "copilot":
      return [`${root}/.github/copilot/settings.json`, `${root}/.github/copilot/settings.local.json`, ...claude];
    case "gemini":
      return [`${root}/.gemini/settings.json`];
    case "codex":
      return [`${root}/.codex/config.toml`];
    case "cursor":
    case "opencode":
      return [];
    default:
      return agent satisfies never;
  }
}

/** Codex's own settings, where trust in hooks is kept: always the person's, never the project's. */
export function codexConfigOf(site: InstallSite): SettingsPlace {
  const { path, base } = hookFileOf("codex", { ...site, scope: "user" });
  return { path: path.replace(/hooks\.json$/, "config.toml"), base };
}

/** A word for the shell, quoted where it needs to be. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
