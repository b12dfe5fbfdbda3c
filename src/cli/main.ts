// The command line, assembled: one file a command, nothing decided here but how bad usage is said (DESIGN 5: unknown options are errors, exit 64).
import { Command, CommanderError } from "commander";
import { EXIT, endQuietlyOnClosedPipe, fail, failAsBug } from "./exit.ts";
import { findInstallation } from "./installation.ts";

/** Every command and its file. Only the one that is asked for is loaded: a start should not pay for the others. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./run.ts")).runCommand(),
  exec: async () => (await import("./exec.ts")).execCommand(),
  sessions: async () => (await import("./sessions.ts")).sessionsCommand(),
  demo: async () => (await import("./demo.ts")).demoCommand(),
  review: async () => (await import("./review.ts")).reviewCommand(),
  apply: async () => (await import("./apply.ts")).applyCommand(),
  discard: async () => (await import("./discard.ts")).discardCommand(),
  init: async () => (await import("./init.ts")).initCommand(),
  check: async () => (await import("./check.ts")).checkCommand(),
  policy: async () => (await import("./policy.ts")).policyCommand(),
  doctor: async () => (await import("./doctor.ts")).doctorCommand(),
  install: async () => (await import("./install.ts")).installCommand(),
  uninstall: async () => (await import("./uninstall.ts")).uninstallCommand(),
  hook: async () => (await import("./hook.ts")).hookCommand(),
  host: async () => (await import("./host.ts")).hostCommand(),
  approve: async () => (await import("./approve.ts")).approveCommand(),
  reject: async () => (await import("./reject.ts")).rejectCommand(),
  log: async () => (await import("./log.ts")).logCommand(),
};

async function program(argv: readonly string[]): Promise<Command> {
  const root = new Command("ringfence")
    .description(
      "Runs any AI coding agent inside a fence it cannot talk its way past, and keeps a record nobody can quietly change.",
    )
    .version(findInstallation().version, "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    // Options after the command's name belong to the command, and those after `--` to the program it runs.
    .enablePositionalOptions();
  const asked = argv.slice(2).find((word) => !word.startsWith("-"));
  const load = asked !== undefined && Object.hasOwn(COMMANDS, asked) ? [COMMANDS[asked]] : Object.values(COMMANDS);
  for (const command of await Promise.all(load.map((make) => make?.())))
    if (command !== undefined) root.addCommand(command);
  speakPlainly(root);
  return root;
}

/** Makes a command and those below it report bad usage as a Problem: thrown, never printed half, never `exit(1)`. */
function speakPlainly(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  command.allowExcessArguments(false);
  for (const child of command.commands) speakPlainly(child);
}

/** commander's `error: unknown option '--x'\n(Did you mean --y?)` as the house says it. */
function badUsage(error: CommanderError): never {
  const [first = "", suggestion = ""] = error.message.replace(/^error: /, "").split("\n(Did you mean ");
  const meant = suggestion.replace(/\?\)$/, "").replace(/^one of /, "");
  const message = error.code === "commander.help" ? "no command given" : first.replaceAll(/'([^']*)'/g, "`$1`");
  const hint = meant === "" ? "`ringfence --help` lists the commands and options" : `did you mean \`${meant}\`?`;
  fail({ code: "usage", message, hint }, EXIT.usage);
}

async function main(argv: readonly string[]): Promise<void> {
  endQuietlyOnClosedPipe();
  process.on("uncaughtException", failAsBug);
  process.on("unhandledRejection", failAsBug);
  try {
    await (await program(argv)).parseAsync(argv);
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) failAsBug(thrown);
    if (thrown.exitCode !== 0) badUsage(thrown);
  }
}

void main(process.argv);
