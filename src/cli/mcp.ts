// `ringfence mcp …`: servers that are pinned, read, fenced and recorded. One file a subcommand.
import { Command } from "commander";

/** The command. */
export function mcpCommand(): Command {
  return new Command("mcp").description(
    "run MCP servers in fences of their own, pin what they say of themselves, and judge each call",
  );
}
