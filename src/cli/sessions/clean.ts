// `ringfence sessions clean`: what killed sessions left, said first and then removed. The same is done at the start of each session.
import type { Command } from "commander";
import { parseDuration } from "#core/policy";
import { forTerminal } from "#core/text";
import { cleanUp, findLitter } from "#monitor";
import { complain, EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { refuseInside, reviewPlaces } from "../review-session.ts";

interface Options {
  readonly json?: true;
  readonly dryRun?: true;
  readonly snapshotsOlderThan?: string;
}

/** Adds the command. Exit 0: nothing is left; 1: something could not be removed. */
export function addSessionsClean(sessions: Command): void {
  sessions
    .command("clean")
    .description("remove what killed sessions left: processes, folders, sockets, cgroups, half snapshots")
    .option("--dry-run", "only say what would be removed")
    .option("--snapshots-older-than <time>", "also snapshots that were taken longer ago, for example 30d")
    .option("--json", "print one JSON document")
    .action(clean);
}

async function clean(options: Options): Promise<void> {
  refuseInside();
  const places = reviewPlaces();
  const age = options.snapshotsOlderThan === undefined ? undefined : parseDuration(options.snapshotsOlderThan);
  if (options.snapshotsOlderThan !== undefined && age === undefined) {
    const message = `\`${options.snapshotsOlderThan}\` is no time`;
    return fail({ code: "usage", message, hint: "such as `--snapshots-older-than 30d`" }, EXIT.usage);
  }
  const litter = findLitter(places, age === undefined ? {} : { snapshotsBefore: Date.now() - age });
  if (options.json !== true)
    for (const { kind, name } of litter)
      process.stdout.write(
        `${options.dryRun === true ? "would remove" : "removing"}  ${kind.padEnd(9)}  ${forTerminal(name)}\n`,
      );
  const left = options.dryRun === true ? [] : await cleanUp(places, litter);
  const gone = options.dryRun === true ? 0 : litter.length - left.length;
  if (options.json === true) printJson({ litter, left }, 1);
  else if (litter.length === 0) complain("ringfence: nothing is left of any session\n");
  else if (options.dryRun !== true)
    complain(`ringfence: ${gone} removed${left.length > 0 ? `, ${left.length} not` : ""}\n`);
  for (const { name, why } of left)
    complain(`ringfence: cannot remove \`${forTerminal(name)}\`: ${forTerminal(why)}\n`);
  process.exitCode = left.length > 0 ? 1 : 0;
}
