// `ringfence sessions reload`: a running session follows its changed policy files also where they open more of the network.
import type { Command } from "commander";
import { forTerminal } from "#core/text";
import { requestReload } from "#monitor";
import { callerStateDir } from "../caller.ts";
import { complain, EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { refuseInside } from "../review-session.ts";
import { requireRunning } from "../running-session.ts";

/** Adds it. */
export function addSessionsReload(sessions: Command): void {
  sessions
    .command("reload")
    .description("let a running session follow its changed policy where it opens more of the network (a person only)")
    .argument("<session>", "its id, or `last`")
    .option("--json", "print one JSON document")
    .action((session: string, options: { readonly json?: true }) => reload(session, options.json === true));
}

async function reload(session: string, json: boolean): Promise<void> {
  refuseInside();
  const stateDir = callerStateDir(process.env);
  const { id } = requireRunning(stateDir, session);
  const done = await requestReload(stateDir, id);
  if (!done.ok) return fail(done.error, EXIT.policyRefused);
  const { opened, closed } = done.value;
  if (json) return void printJson({ session: id, opened, closed });
  if (opened.length + closed.length === 0) return complain(`ringfence: session ${id} follows its policy already\n`);
  for (const [what, rules] of [
    ["opened", opened],
    ["closed", closed],
  ] as const)
    for (const rule of rules) process.stdout.write(`${what} ${forTerminal(rule, { max: 300 })}\n`);
}
