// Whose file a name is, where a person gives a file and no client. Pure.
import type { ClientId } from "./client.ts";

/** The client that reads files of this name, or undefined. */
export function clientOfFile(path: string): ClientId | undefined {
  return BY_NAME.find(([ending]) => path === ending || path.endsWith(`/${ending}`))?.[1];
}

// The longer name first: `.mcp.json` ends others, too.
const BY_NAME: readonly (readonly [string, ClientId])[] = [
  [".warp/.mcp.json", "warp"],
  [".kiro/settings/mcp.json", "kiro"],
  [".aws/amazonq/mcp.json", "amazonq"],
  [".amazonq/mcp.json", "amazonq"],
  [".gemini/antigravity/mcp_config.json", "antigravity"],
  [".gemini/config/mcp_config.json", "antigravity"],
  [".qwen/settings.json", "qwen"],
  [".qwen/settings.local.json", "qwen"],
  ["zed/settings.json", "zed"],
  [".zed/settings.json", "zed"],
  ["cline_mcp_settings.json", "cline"],
  ["mcp_settings.json", "roo"],
  [".roo/mcp.json", "roo"],
  [".junie/mcp/mcp.json", "junie"],
  ["crush.json", "crush"],
  [".crush.json", "crush"],
  [".lmstudio/mcp.json", "lmstudio"],
  [".mcp.json", "claude-code"],
  [".claude.json", "claude-code"],
  [".cursor/mcp.json", "cursor"],
  [".vscode/mcp.json", "vscode"],
  ["User/mcp.json", "vscode"],
  ["mcp-config.json", "copilot"],
  [".gemini/settings.json", "gemini"],
  ["claude_desktop_config.json", "claude-desktop"],
  ["opencode.json", "opencode"],
  ["opencode.jsonc", "opencode"],
  ["mcp_config.json", "windsurf"],
  ["config.toml", "codex"],
];
