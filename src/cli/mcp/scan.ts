// `ringfence mcp scan`: what speaks against the definitions of a server, found offline (MCP-3). Exit 0 nothing does, 1 something does, 2 the server
// could not be asked, 3 its description cannot be read (DESIGN 5).
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { err, ok, type Problem, type Result } from "#core";
import { readDescription, readJson, type ServerDescription } from "#core/mcp";
import type { Finding } from "#core/mcp/screen";
import { forTerminal } from "#core/text";
import { openScreening } from "#mcp";
import { EXIT, fail, problemLines } from "../exit.ts";
import { RESULT, say } from "../policy/layers.ts";
import { printJson } from "../print-json.ts";
import { type PinOptions, pinCommand, serverWords } from "./pin-command.ts";
import { findServer, pinPlaces } from "./pins.ts";
import { mcpScanBatch } from "./scan-batch.ts";

interface ScanOptions extends PinOptions {
  readonly batch?: boolean;
}

/** The command. */
export function mcpScanCommand(): Command {
  return pinCommand("scan", {
    description: "look for poisoned, hidden and shadowing text in what a server says of itself",
    servers: "a server's name, and behind `--` its command",
    insteadOf: "asking it",
    locks: false,
  })
    .option("--batch", "read JSON lines {id, server, tool|result|…, peers}, write {id, flagged, findings}")
    .action(async (words: readonly string[], options: ScanOptions) => {
      if (options.batch === true) return mcpScanBatch();
      process.exitCode = await scan(words, options);
    });
}

async function scan(words: readonly string[], options: ScanOptions): Promise<number> {
  const { names, argv } = serverWords(words, options, "server");
  const [server = ""] = names;
  if (names.length > 1 || (argv.length === 0 && options.from === undefined && options.url === undefined))
    return fail(
      { code: "usage", message: "one server, and how to ask it", hint: "ringfence mcp scan NAME -- COMMAND" },
      EXIT.usage,
    );
  const found = options.from === undefined ? await asked(server, { ...options, argv }) : descriptionFrom(options.from);
  if (!found.ok) {
    process.stderr.write(problemLines(found.error));
    return options.from === undefined ? RESULT.incomplete : RESULT.unreadable;
  }
  const findings = await openScreening().description(server, found.value, []);
  if (options.json === true) printJson({ server, findings });
  else tell(server, findings);
  return findings.length === 0 ? RESULT.holds : RESULT.fails;
}

async function asked(
  server: string,
  options: ScanOptions & { readonly argv: readonly string[] },
): Promise<Result<ServerDescription, Problem>> {
  const found = await findServer(server, options, await pinPlaces(options));
  if (found === undefined) return err({ code: "unasked", message: "the server was not asked" });
  return found.ok ? ok(found.value.description) : found;
}

/** What a server would say, out of a file: its whole description, an answer of `tools/list`, or a list of tools. */
function descriptionFrom(file: string): Result<ServerDescription, Problem> {
  const refused = (why: string): Result<ServerDescription, Problem> =>
    err({ code: "description-unreadable", message: `\`${file}\` ${why}` });
  let bytes: Buffer;
  try {
    bytes = readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    return refused(`cannot be read (${(error as NodeJS.ErrnoException).code ?? "?"})`);
  }
  const read = readJson(bytes, { maxBytes: 256 << 20, maxDepth: 192 });
  if (!read.ok) return refused(`is no strict JSON (${read.error.code} at ${read.error.at})`);
  const description = readDescription(read.value);
  return description.ok ? ok(description.value.description) : refused(description.error);
}

function tell(server: string, findings: readonly Finding[]): void {
  if (findings.length === 0) return say(`${server}: nothing found`);
  say(`${server}:`);
  for (const { severity, kind, at, excerpt } of findings) {
    say(`  ${severity.padEnd(4)} ${kind} ${forTerminal(at)}`);
    say(`       ${excerpt}`);
  }
}
