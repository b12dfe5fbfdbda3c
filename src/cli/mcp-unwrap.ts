// `ringfence mcp unwrap`: clients start their servers themselves again. Where nothing else changed, every byte is as it was before; where somebody
// edited the file since, our words go and everything else stays.
import { Command } from "commander";
import { type WrapOptions, wrapWork } from "./mcp-wrap-work.ts";

/** The command. */
export function mcpUnwrapCommand(): Command {
  return new Command("unwrap")
    .description("take ringfence out of MCP clients' files again, to the last byte")
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
    .action((clients: readonly string[], options: WrapOptions) => wrapWork("unwrap", clients, options));
}

/** An option that may be given again. */
export function repeated(word: string, before: readonly string[] = []): readonly string[] {
  return [...before, word];
}
