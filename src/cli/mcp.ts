// `ringfence mcp …`: servers that are pinned, read, fenced and recorded.
import { Command } from "commander";
import { mcpApproveCommand } from "./mcp/approve.ts";
import { mcpDiffCommand } from "./mcp/diff.ts";
import { mcpLockCommand } from "./mcp/lock.ts";
import { mcpProxyCommand } from "./mcp/proxy.ts";
import { mcpRunCommand } from "./mcp/run.ts";
import { mcpScanCommand } from "./mcp/scan.ts";
import { mcpVerifyCommand } from "./mcp/verify.ts";
import { mcpUnwrapCommand, mcpWrapCommand } from "./mcp/wrap.ts";

/** The command. */
export function mcpCommand(): Command {
  return new Command("mcp")
    .description("run MCP servers in fences of their own, pin what they say of themselves, and judge each call")
    .enablePositionalOptions()
    .addCommand(mcpRunCommand())
    .addCommand(mcpLockCommand())
    .addCommand(mcpVerifyCommand())
    .addCommand(mcpDiffCommand())
    .addCommand(mcpApproveCommand())
    .addCommand(mcpScanCommand())
    .addCommand(mcpProxyCommand())
    .addCommand(mcpWrapCommand())
    .addCommand(mcpUnwrapCommand());
}
