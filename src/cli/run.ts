// `ringfence run -- COMMAND`: options in, one session, its summary out, and the command's own exit code.
import { existsSync, openSync, rmSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { Command } from "commander";
import { summaryLines } from "#core/session";
import { forTerminal } from "#core/text";
import { dialectOf, insideHooks } from "#hooks";
import { type RunRequest, runSession } from "#monitor";
import { callerAccount, callerStateDir } from "./caller.ts";
import { callerEnvironment } from "./environment.ts";
import { complain, EXIT, fail } from "./exit.ts";
import { insideSwitch } from "./hook/standing.ts";
import { findInstallation } from "./installation.ts";
import { printJson } from "./print-json.ts";
import { commandLineLayer, declareRunOptions, inTypedWords, type RunOptions } from "./run-options.ts";
import { terminalChannel } from "./terminal-channel.ts";

const ENDS = `
Exit code: the command's own; 124 ended by a limit, 125 could not start, 126 the
policy refuses, 127 not found, 128+n signal n; 64 bad usage, 65 bad policy file.`;

/** The command. */
export function runCommand(): Command {
  const command = new Command("run")
    .description("run a command, or an agent, inside the fence")
    .usage("[options] -- COMMAND [ARG...]")
    .argument("[command...]", "what to run")
    .addHelpText("after", ENDS)
    .passThroughOptions();
  return declareRunOptions(command).action(run);
}

async function run(argv: readonly string[], options: RunOptions): Promise<void> {
  if (argv.length === 0) {
    fail({ code: "usage", message: "no command to run", hint: "ringfence run -- COMMAND [ARG...]" }, EXIT.usage);
  }
  const request = requestOf(argv, options);
  for (const name of options.env ?? [])
    if (!name.includes("=") && request.caller.env[name] === undefined)
      request.progress(`--env: \`${forTerminal(name)}\` is not set in this shell, so nothing of it is inside`);
  const summary = options.json === undefined ? undefined : openSummary(options.json);
  const answer = await runSession(request);
  if (answer.kind !== "ended") summary?.discard();
  switch (answer.kind) {
    case "refused":
      return fail(answer.problems.map(inTypedWords), answer.exitCode);
    case "planned":
      printJson(answer.plan, 1);
      return;
    case "ended": {
      const { outcome } = answer;
      if (summary !== undefined) writeSync(summary.fd, `${JSON.stringify(outcome, undefined, 1)}\n`);
      if (options.quiet !== true) complain(`${paint(summaryLines(outcome)).join("\n")}\n`);
      process.exitCode = outcome.exitCode;
      return;
    }
    default:
      return answer satisfies never;
  }
}

/** Where the summary goes; `discard` takes away what was made for it. */
interface Summary {
  readonly fd: number;
  discard(): void;
}

/** Opened before anything runs: a summary that cannot be written is said then, and what runs cannot put a link in its place. */
function openSummary(file: string): Summary {
  const made = !existsSync(file);
  try {
    const fd = openSync(file, "w");
    return { fd, discard: () => (made ? rmSync(file, { force: true }) : undefined) };
  } catch (error) {
    const message = `the summary cannot be written: ${(error as Error).message}`;
    return fail(
      { code: "summary", message, hint: "name a file in a folder of yours after `--json`" },
      EXIT.cannotStart,
    );
  }
}

function requestOf(argv: readonly string[], options: RunOptions): RunRequest {
  const { username, homedir, uid, gid } = callerAccount();
  const cwd = process.cwd();
  return {
    argv,
    cwd,
    caller: { uid, gid, userName: username, home: homedir, env: callerEnvironment(process.env) },
    stateDir: callerStateDir(process.env),
    installation: findInstallation(),
    ...(options.policy === undefined ? {} : { policyFile: options.policy }),
    ...(options.from === undefined ? {} : { from: options.from }),
    commandLine: commandLineLayer(options, cwd),
    stdio: { stdin: 0, stdout: 1, stderr: 2 },
    terminals: { stdin: isatty(0), stdout: isatty(1), stderr: isatty(2) },
    // Somebody who started it from a program with pipes at its ends does not sit there waiting for questions.
    ...([0, 1, 2].some((fd) => isatty(fd)) ? { terminal: terminalChannel() } : {}),
    quiet: options.quiet === true,
    progress: (line) => {
      if (options.quiet !== true) complain(`ringfence: ${line}\n`);
    },
    hooks: { dialectOf, files: insideHooks, offBy: insideSwitch },
    dryRun: options.dryRun === true,
  };
}

/** Dim summary on a terminal, with the two words that matter in colour; plain text anywhere else. */
function paint(lines: readonly string[]): readonly string[] {
  if (!isatty(2) || process.env["NO_COLOR"] !== undefined) return lines;
  return lines.map((line) => line.replace(/\b(held|refused|exposed)\b/g, "\u001b[33m$1\u001b[39m"));
}
