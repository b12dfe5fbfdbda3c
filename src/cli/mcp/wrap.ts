// `ringfence mcp wrap` and `mcp unwrap`: the servers of MCP clients are started through the gateway from then on, and by themselves again. Only the
// clients' files are read and changed, as text; nothing that stands in them is run. Where nothing else changed, unwrapping brings back every byte; where
// somebody edited a file since, our words go and everything else stays.
import { Command } from "commander";
import { CLIENTS } from "#core/mcp";
import { repeated } from "../repeated.ts";
import { type WrapOptions, wrapWork } from "./wrap-work.ts";

/** The one command. */
export function mcpWrapCommand(): Command {
  return onClients(
    "wrap",
    "have MCP clients start their servers through ringfence, and leave every other byte of their files",
  );
}

/** The other. */
export function mcpUnwrapCommand(): Command {
  return onClients("unwrap", "take ringfence out of MCP clients' files again, to the last byte");
}

function onClients(act: "wrap" | "unwrap", description: string): Command {
  return new Command(act)
    .description(description)
    .argument("[client...]", `${Object.keys(CLIENTS).join(", ")} (default: all)`)
    .option("--server <name>", "only this server; again for more", repeated)
    .option("--user", "only your own files")
    .option("--project", "only this project's files")
    .option("--file <path>", "this file of the client instead")
    .option("--dry-run", "say what would be done, and write nothing")
    .option("--json", "print one JSON document")
    .action((clients: readonly string[], options: WrapOptions) => wrapWork(act, clients, options));
}
