// `ringfence mcp run -- COMMAND`: what a client's configuration starts in place of the server itself. Standard input and output belong to the protocol;
// everything for people goes to standard error.
import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { Command } from "commander";
import { runServer, runSession, type ServerRequest } from "#monitor";
import { callerAccount, callerStateDir } from "../caller.ts";
import { callerEnvironment } from "../environment.ts";
import { complain, EXIT, fail } from "../exit.ts";
import { findInstallation } from "../installation.ts";
import { repeated } from "../repeated.ts";
import { askSupervisor } from "./inside.ts";

interface Options {
  readonly server: string;
  readonly client?: string;
  readonly env?: readonly string[];
  readonly policy?: string;
}

const ENDS = `
Exit code: the server's own; 124 ended by a limit, 125 could not start, 126 the
policy refuses, 127 not found, 128+n signal n; 64 bad usage, 65 bad policy file.`;

/** The command. */
export function mcpRunCommand(): Command {
  return new Command("run")
    .description("run a stdio MCP server in a fence of its own, and judge what passes between it and its client")
    .usage("--server NAME [options] -- COMMAND [ARG...]")
    .argument("[command...]", "the server")
    .requiredOption("--server <name>", "what its client calls it")
    .option("--client <id>", "the client that starts it, for the record")
    .option("--env <name>", "a variable that the client's entry declares for it; its value comes from here", repeated)
    .option("--policy <file>", "read this policy file too, as the person's own word")
    .addHelpText("after", ENDS)
    .passThroughOptions()
    .action(run);
}

async function run(argv: readonly string[], options: Options): Promise<void> {
  if (argv.length === 0) {
    const hint = "ringfence mcp run --server NAME -- COMMAND [ARG...]";
    fail({ code: "usage", message: "no server to run", hint }, EXIT.usage);
  }
  const code = askSupervisor(process.argv.slice(3));
  if (code !== undefined) return process.exit(code);
  const { username, homedir, uid, gid } = callerAccount();
  const output = streamTo(1) ?? process.stdout;
  const request: ServerRequest = {
    ...{ argv, server: options.server, declared: options.env ?? [], stop: ended(), cwd: process.cwd() },
    ...(options.client === undefined ? {} : { client: options.client }),
    caller: { uid, gid, userName: username, home: homedir, env: callerEnvironment(process.env) },
    ...{ stateDir: callerStateDir(process.env), installation: findInstallation() },
    ...(options.policy === undefined ? {} : { policyFile: options.policy }),
    ends: { input: process.stdin, output, errors: errorsTo(2) },
    progress: (line) => complain(`ringfence: ${line}\n`),
  };
  const answer = await runServer(request, runSession);
  if (answer.kind === "refused") return fail(answer.problems, answer.exitCode);
  if (answer.kind === "ended") process.exitCode = answer.outcome.exitCode;
}

/** Aborted by the first signal that asks a program to end. */
export function ended(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const) process.on(name, () => controller.abort());
  return controller.signal;
}

/** A pipe or socket as a stream that waits in the event loop. Node's own would hold up everything while its reader does not read. */
export function streamTo(fd: number): Writable | undefined {
  const found = fstatSync(fd);
  return found.isFIFO() || found.isSocket() ? new Socket({ fd, readable: false, writable: true }) : undefined;
}

/** Lines for a standard error that may have no reader. */
function errorsTo(fd: number): (line: string) => boolean {
  const stream = streamTo(fd);
  stream?.on("error", () => undefined);
  return (line) => {
    if (stream === undefined) complain(line);
    else if (stream.writableLength < 1 << 16) stream.write(line);
    else return false;
    return true;
  };
}
