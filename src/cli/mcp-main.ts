// `ringfence mcp run` alone: a bundle of its own (dist/mcp.cjs), because a client starts it once for each of its servers, and waits.
import { Command } from "commander";
import { mcpRunCommand } from "./mcp/run.ts";
import { startProgram } from "./program.ts";

startProgram(
  { mcp: async () => new Command("mcp").enablePositionalOptions().addCommand(mcpRunCommand()) },
  process.argv,
);
