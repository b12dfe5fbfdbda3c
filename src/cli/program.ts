// The command line, assembled: nothing decided here but how bad usage is said (DESIGN 5: unknown options are errors, exit 64).
import { Command, CommanderError } from "commander";
import { EXIT, endQuietlyOnClosedPipe, fail, failAsBug } from "./exit.ts";
import { findInstallation } from "./installation.ts";

/** Names of commands, each with what loads it: a start should not pay for the others. */
export type Commands = Readonly<Record<string, () => Promise<Command>>>;

/** Runs the command that `argv` asks for. */
export function startProgram(commands: Commands, argv: readonly string[]): void {
  void main(commands, withoutHelpWord(argv));
}

async function program(commands: Commands, argv: readonly string[]): Promise<Command> {
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
  const load = asked !== undefined && Object.hasOwn(commands, asked) ? [commands[asked]] : Object.values(commands);
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
function badUsage(error: CommanderError, typed: Typed): never {
  const [first = "", suggestion = ""] = error.message.replace(/^error: /, "").split("\n(Did you mean ");
  const message = wordless(error, typed) ?? first.replaceAll(/'([^']*)'/g, "`$1`");
  const near = suggestion.replace(/\?\)$/, "").replace(/^one of /, "") || nearestChoice(error);
  const meant = near.split(", ").map((word) => `\`${word}\``);
  const hint = near === "" ? `\`${typed.path} --help\` lists what there is` : `did you mean ${meant.join(" or ")}?`;
  fail({ code: "usage", message, hint }, EXIT.usage);
}

/** Where commander's own words are of no help. */
function wordless({ code }: CommanderError, { unknown }: Typed): string | undefined {
  if (code === "commander.help") return "no command given";
  // to commander this is an argument of `sessions list`, which may be left out
  return code === "commander.excessArguments" && unknown !== undefined ? `unknown command \`${unknown}\`` : undefined;
}

/** For the beginning of a word that an option takes. The others stand in the message already. */
function nearestChoice({ message }: CommanderError): string {
  const [, word = "", choices = ""] = /argument '(.+)' is invalid\. Allowed choices are (.*)\.$/s.exec(message) ?? [];
  const begun = choices.split(", ").filter((choice) => choice.toLowerCase().startsWith(word.toLowerCase()));
  return word !== "" && begun.length === 1 ? (begun[0] ?? "") : "";
}

/** How far the words on a command line name commands. */
interface Typed {
  /** The innermost command that they name, as it is typed. */
  readonly path: string;
  /** The word behind it, where only a command of it could stand. */
  readonly unknown?: string;
}

function typedCommand(root: Command, argv: readonly string[]): Typed {
  let command = root;
  let path = root.name();
  for (const word of argv.slice(2)) {
    if (word.startsWith("-") || command.commands.length === 0) break;
    const inner = command.commands.find((one) => one.name() === word);
    if (inner === undefined) return { path, unknown: word };
    command = inner;
    path += ` ${word}`;
  }
  return { path };
}

async function main(commands: Commands, argv: readonly string[]): Promise<void> {
  endQuietlyOnClosedPipe();
  process.on("uncaughtException", failAsBug);
  process.on("unhandledRejection", failAsBug);
  // Waiting for what never comes ends in silence and 0 otherwise.
  const stuck = (): never => failAsBug(new Error("it waits for what never comes"));
  process.on("beforeExit", stuck);
  const root = await program(commands, argv);
  const typed = typedCommand(root, argv);
  try {
    // a command that is not there has no help; another's would look like its own
    await root.parseAsync(typed.unknown === undefined ? argv : argv.filter((word) => !/^(?:-h|--help)$/.test(word)));
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) failAsBug(thrown);
    if (thrown.exitCode !== 0) badUsage(thrown, typed);
  } finally {
    process.off("beforeExit", stuck);
  }
}

/** `help run` is `run --help`, as in many other programs. */
function withoutHelpWord(argv: readonly string[]): readonly string[] {
  return argv[2] === "help" ? [...argv.slice(0, 2), ...argv.slice(3, 5), "--help"] : argv;
}
