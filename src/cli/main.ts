// The command line, assembled: one file a command, nothing decided here but how bad usage is said (DESIGN 5: unknown options are errors, exit 64).
import { Command, CommanderError } from "commander";
import { applyCommand } from "./apply.ts";
import { demoCommand } from "./demo.ts";
import { discardCommand } from "./discard.ts";
import { doctorCommand } from "./doctor.ts";
import { EXIT, endQuietlyOnClosedPipe, fail, failAsBug } from "./exit.ts";
import { initCommand } from "./init.ts";
import { findInstallation } from "./installation.ts";
import { logCommand } from "./log.ts";
import { reviewCommand } from "./review.ts";
import { runCommand } from "./run.ts";

function program(): Command {
  const root = new Command("ringfence")
    .description(
      "Runs any AI coding agent inside a fence it cannot talk its way past, and keeps a record nobody can quietly change.",
    )
    .version(findInstallation().version, "--version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    // Options after the command's name belong to the command, and those after `--` to the program it runs.
    .enablePositionalOptions();
  root.addCommand(runCommand());
  root.addCommand(demoCommand());
  root.addCommand(initCommand());
  root.addCommand(reviewCommand());
  root.addCommand(applyCommand());
  root.addCommand(discardCommand());
  root.addCommand(doctorCommand());
  root.addCommand(logCommand());
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
    await program().parseAsync(argv);
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) failAsBug(thrown);
    if (thrown.exitCode !== 0) badUsage(thrown);
  }
}

void main(process.argv);
