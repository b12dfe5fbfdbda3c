// `ringfence hook` as the help knows it. A call never comes this far: the launcher starts the native client, else scripts/start.cjs the bundle of
// hook-main.ts, because what commander refused would end with a code that agents take for a yes.
import { Command } from "commander";

/** The command, for `--help` alone. */
export function hookCommand(): Command {
  return new Command("hook")
    .description("speak AGENT's hook protocol on stdin and stdout; exits with 0 or 2 only")
    .usage("AGENT [--deadline SECONDS] [--state-home FOLDER]")
    .argument("<agent>", "claude-code, codex, cursor, copilot, gemini or opencode")
    .option(
      "--deadline <seconds>",
      "refuse when nobody has answered by then (default 150; an agent's own time-out must be longer)",
    )
    .option(
      "--state-home <folder>",
      "what XDG_STATE_HOME is for the host (default XDG_STATE_HOME, else ~/.local/state)",
    );
}
