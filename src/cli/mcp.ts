// `ringfence mcp …`: servers that are pinned, read, fenced and recorded. One file a subcommand.
import { Command } from "commander";
import { mcpUnwrapCommand } from "./mcp-unwrap.ts";
import { mcpWrapCommand } from "./mcp-wrap.ts";

/** The command. */
export function mcpCommand(): Command {
  return new Command("mcp")
    .description("run MCP servers in fences of their own, pin what they say of themselves, and judge each call")
    .addCommand(mcpWrapCommand())
    .addCommand(mcpUnwrapCommand());
}
