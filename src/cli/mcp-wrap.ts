// `ringfence mcp wrap`: the servers of MCP clients are started through the gateway from then on. Only their files are read and changed, as text;
// nothing that stands in them is run.
import { Command } from "commander";
import { repeated } from "./mcp-unwrap.ts";
import { type WrapOptions, wrapWork } from "./mcp-wrap-work.ts";

/** The command. */
export function mcpWrapCommand(): Command {
  return new Command("wrap")
    .description("have MCP clients start their servers through ringfence, and leave every other byte of their files")
    .argument(
      "[client...]",
      "claude-code, codex, cursor, vscode, copilot, gemini, claude-desktop, opencode or windsurf (default: all)",
    )
    .option("--server <name>", "only this server; again for more", repeated, [])
    .option("--user", "only your own files")
    .option("--project", "only this project's files")
    .option("--file <path>", "this file of the client instead")
    .option("--dry-run", "say what would be done, and write nothing")
    .option("--json", "print one JSON document")
    .action((clients: readonly string[], options: WrapOptions) => wrapWork("wrap", clients, options));
}
