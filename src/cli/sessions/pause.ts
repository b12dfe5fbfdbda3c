// `ringfence sessions pause | resume`: a running session stands still, and goes on.
import type { Command } from "commander";
import { requestLifecycle } from "#monitor";
import { callerStateDir } from "../caller.ts";
import { complain, EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { refuseInside } from "../review-session.ts";
import { requireRunning } from "../running-session.ts";

interface Options {
  readonly json?: true;
}

/** Adds both. */
export function addSessionsPause(sessions: Command): void {
  for (const [op, description] of [
    ["pause", "let everything in a session stand still; its time does not run meanwhile"],
    ["resume", "let a paused session go on"],
  ] as const)
    sessions
      .command(op)
      .description(description)
      .argument("<session>", "its id, or `last`")
      .option("--json", "print one JSON document")
      .action((session: string, options: Options) => ask(op, session, options));
}

async function ask(op: "pause" | "resume", session: string, options: Options): Promise<void> {
  refuseInside();
  const stateDir = callerStateDir(process.env);
  const { id } = requireRunning(stateDir, session);
  const done = await requestLifecycle(stateDir, id, { op });
  if (!done.ok) return fail(done.error, EXIT.cannotStart);
  if (options.json === true) printJson({ session: id, state: op === "pause" ? "paused" : "running" });
  else complain(`ringfence: session ${id} ${op === "pause" ? "is paused" : "goes on"}\n`);
}
