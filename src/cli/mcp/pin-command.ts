// What `mcp lock`, `verify`, `diff` and `scan` have in common on a command line: a server by its name, and how it is started, reached or read.
import { Command } from "commander";
import { repeated } from "../repeated.ts";
import { refuse, type UpstreamOptions, withUpstreamOptions } from "./upstream-options.ts";

/** Options that all of them have. */
export interface PinOptions extends UpstreamOptions {
  readonly server?: string;
  readonly from?: string;
  readonly url?: string;
  readonly lock?: string;
  /** Variables that the server is started with; their values come from here. */
  readonly env?: readonly string[];
  readonly json?: boolean;
}

/** What one of them says of itself. */
interface PinCommand {
  readonly description: string;
  readonly servers: string;
  /** Where the description comes from without `--from`. */
  readonly insteadOf: string;
  /** It compares with a lock. */
  readonly locks: boolean;
}

/** The command with the options that all of them have. */
export function pinCommand(name: string, { description, servers, insteadOf, locks }: PinCommand): Command {
  const command = new Command(name)
    .description(description)
    .argument("[server...]", servers)
    .option("--server <name>", "the server's name")
    .option("--from <file>", `its description, as JSON, instead of ${insteadOf}`)
    .option("--url <url>", "the server's Streamable HTTP address, instead of a command")
    .option("--env <name>", "a variable that the server needs to start; again for more", repeated)
    .option("--json", "print one JSON document");
  if (locks) command.option("--lock <file>", "another lock than the policy's");
  return withUpstreamOptions(command);
}

/** Which servers are meant, and the command of one. */
export interface ServerWords {
  readonly names: readonly string[];
  readonly argv: readonly string[];
}

/** The words of a command line: servers by name before `--`, a command behind it; `unnamed` where none has a name. Ends the process where one server's command, address or description could go to another. */
export function serverWords(words: readonly string[], options: PinOptions, unnamed?: string): ServerWords {
  const dashes = process.argv.indexOf("--");
  const argv = dashes < 0 ? [] : process.argv.slice(dashes + 1);
  const before = words.slice(0, words.length - argv.length);
  const named = options.server === undefined ? before : [options.server, ...before];
  const names = named.length === 0 && unnamed !== undefined ? [unnamed] : named;
  const { url, header, bearer, allowDomain } = options;
  if (url !== undefined && argv.length > 0) refuse("a server has a command or an address", "leave one of them out");
  if (url !== undefined && names.length !== 1) refuse("an address is that of one server", "name it before `--url`");
  if (url === undefined && (header ?? bearer ?? allowDomain) !== undefined)
    refuse("`--header`, `--bearer` and `--allow-domain` are for one server over HTTP", "say its address with `--url`");
  if (names.length > 1 && (argv.length > 0 || options.from !== undefined))
    refuse("one command or file describes one server", "take them one by one");
  return { names, argv };
}
