// Where each client looks for its servers: one table, from their documentation and code (docs/mcp.md). Pure; which of the files are there, the
// caller sees.
import { CLIENT_IDS, type ClientId } from "./client.ts";

/** What the caller knows of the machine. */
export interface ClientSite {
  readonly home: string;
  /** The project, or undefined outside of one. */
  readonly root: string | undefined;
  /** The person's own variables: clients let their folder be moved. */
  readonly env: Readonly<Record<string, string>>;
}

/** One file that a client reads. */
export interface ClientFile {
  readonly client: ClientId;
  /** Whose it is: the person's own, the project's, or the machine's, which is never changed. */
  readonly scope: "user" | "project" | "managed";
  readonly path: string;
  /** The folder that it must really lie in. */
  readonly base: string;
}

/** Every file that the clients would read, in the order of the documentation. */
export function clientFiles(site: ClientSite, clients: readonly ClientId[]): readonly ClientFile[] {
  const { home, root } = site;
  return CLIENT_IDS.filter((client) => clients.includes(client)).flatMap((client) => {
    const own = ownFiles(client, site).map(({ path, base }): ClientFile => ({ client, scope: "user", path, base }));
    const shared = root === undefined || root === home ? [] : PROJECT[client];
    const files = shared.map(
      (name): ClientFile => ({ client, scope: "project", path: `${root}/${name}`, base: root ?? "/" }),
    );
    const managed = (MANAGED[client] ?? []).map(
      (path): ClientFile => ({ client, scope: "managed", path, base: "/etc" }),
    );
    return [...own, ...files, ...managed];
  });
}

type Own = Pick<ClientFile, "path" | "base">;

function ownFiles(client: ClientId, { home, env }: ClientSite): readonly Own[] {
  // A folder that a variable names may lie anywhere; what is in it must lie in it.
  const folder = (variable: string, otherwise: string): Own => {
    const moved = env[variable];
    return moved?.startsWith("/") ? { path: moved, base: moved } : { path: `${home}/${otherwise}`, base: home };
  };
  const at = ({ path, base }: Own, ...names: readonly string[]): readonly Own[] =>
    names.map((name) => ({ path: `${path}/${name}`, base }));
  const config = folder("XDG_CONFIG_HOME", ".config");
  switch (client) {
    case "claude-code":
      return env["CLAUDE_CONFIG_DIR"]?.startsWith("/")
        ? at(folder("CLAUDE_CONFIG_DIR", ""), ".claude.json")
        : at({ path: home, base: home }, ".claude.json");
    case "codex":
      return at(folder("CODEX_HOME", ".codex"), "config.toml");
    case "cursor":
      return at({ path: home, base: home }, ".cursor/mcp.json");
    case "vscode":
      return at(config, "Code/User/mcp.json", "Code - Insiders/User/mcp.json", "VSCodium/User/mcp.json");
    case "copilot":
      return at(folder("COPILOT_HOME", ".copilot"), "mcp-config.json");
    case "gemini":
      return at({ path: home, base: home }, ".gemini/settings.json");
    case "claude-desktop":
      return at(config, "Claude/claude_desktop_config.json");
    case "opencode":
      return at(config, "opencode/opencode.json", "opencode/opencode.jsonc", "opencode/config.json");
    case "windsurf":
      return at({ path: home, base: home }, ".codeium/windsurf/mcp_config.json");
    case "kiro":
      return at({ path: home, base: home }, ".kiro/settings/mcp.json");
    case "amazonq":
      return at({ path: home, base: home }, ".aws/amazonq/mcp.json", ".aws/amazonq/default.json");
    case "antigravity":
      return at({ path: home, base: home }, ".gemini/antigravity/mcp_config.json", ".gemini/config/mcp_config.json");
    case "qwen":
      return at({ path: home, base: home }, ".qwen/settings.json");
    case "zed":
      return at(config, "zed/settings.json");
    case "cline": {
      const moved = env["CLINE_MCP_SETTINGS_PATH"];
      const own = moved?.startsWith("/") ? [{ path: moved, base: moved.slice(0, moved.lastIndexOf("/")) || "/" }] : [];
      return [
        ...own,
        ...at({ path: home, base: home }, ".cline/data/settings/cline_mcp_settings.json"),
        ...at(config, ...extensionFiles("saoudrizwan.claude-dev/settings/cline_mcp_settings.json")),
      ];
    }
    case "roo":
      return at(config, ...extensionFiles("rooveterinaryinc.roo-cline/settings/mcp_settings.json"));
    case "junie":
      return at({ path: home, base: home }, ".junie/mcp/mcp.json");
    case "warp":
      return at({ path: home, base: home }, ".warp/.mcp.json");
    case "crush":
      return at(config, "crush/crush.json");
    case "lmstudio":
      return at({ path: home, base: home }, ".lmstudio/mcp.json");
    default:
      return client satisfies never;
  }
}

/** What an extension of VS Code keeps, in each of its kinds. */
function extensionFiles(name: string): readonly string[] {
  return ["Code", "Code - Insiders", "VSCodium"].map((editor) => `${editor}/User/globalStorage/${name}`);
}

const PROJECT: Readonly<Record<ClientId, readonly string[]>> = {
  "claude-code": [".mcp.json"],
  codex: [".codex/config.toml"],
  cursor: [".cursor/mcp.json"],
  vscode: [".vscode/mcp.json"],
  copilot: [],
  gemini: [".gemini/settings.json"],
  "claude-desktop": [],
  opencode: ["opencode.json", "opencode.jsonc", ".opencode/opencode.json", ".opencode/opencode.jsonc"],
  windsurf: [],
  kiro: [".kiro/settings/mcp.json"],
  amazonq: [".amazonq/mcp.json", ".amazonq/default.json"],
  antigravity: [],
  qwen: [".qwen/settings.json", ".qwen/settings.local.json"],
  zed: [".zed/settings.json"],
  cline: [],
  roo: [".roo/mcp.json"],
  junie: [".junie/mcp/mcp.json"],
  warp: [".warp/.mcp.json"],
  crush: ["crush.json", ".crush.json"],
  lmstudio: [],
};

/** Folders with a file for each agent that a person made, which may have servers of its own; below the home and below the project. */
export const AGENT_FOLDERS: readonly { readonly client: ClientId; readonly home: string; readonly project: string }[] =
  [
    { client: "kiro", home: ".kiro/agents", project: ".kiro/agents" },
    { client: "amazonq", home: ".aws/amazonq/cli-agents", project: ".amazonq/cli-agents" },
  ];

const MANAGED: Readonly<Partial<Record<ClientId, readonly string[]>>> = {
  "claude-code": ["/etc/claude-code/managed-mcp.json"],
  codex: ["/etc/codex/config.toml"],
  gemini: ["/etc/gemini-cli/settings.json", "/etc/gemini-cli/system-defaults.json"],
  opencode: ["/etc/opencode/opencode.json"],
  qwen: ["/etc/qwen-code/settings.json", "/etc/qwen-code/system-defaults.json"],
};
