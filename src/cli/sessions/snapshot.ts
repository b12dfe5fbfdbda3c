// `ringfence sessions snapshot | snapshots | restore`: a session's changes and home, kept as they are now; what is kept; and back.
import type { Command } from "commander";
import { parseSize } from "#core/policy";
import {
  bytesText,
  findSnapshot,
  keepSession,
  listSnapshots,
  removeSnapshot,
  restoreSnapshot,
  type SnapshotMeta,
} from "#monitor";
import { callerStateDir } from "../caller.ts";
import { complain, EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { refuseInside, reviewPlaces } from "../review-session.ts";

interface Options {
  readonly json?: true;
  readonly tmp?: true;
  readonly max: string;
  readonly remove?: string;
  readonly olderThan?: string;
}

/** Adds the three. */
export function addSessionsSnapshot(sessions: Command): void {
  sessions
    .command("snapshot")
    .description("keep a session's changes and home as they are now; a running one stands still meanwhile")
    .argument("<session>", "its id, or `last`")
    .argument("[name]", "what to call it (s1, s2, … if not given)")
    .option("--tmp", "its /tmp too")
    .option("--max <size>", "refuse what is larger", "10g")
    .option("--json", "print one JSON document")
    .action(take);
  sessions
    .command("snapshots")
    .description("list what is kept, of one session or of all")
    .argument("[session]", "its id")
    .option("--remove <name>", "remove this one of the session's")
    .option("--json", "print one JSON document")
    .action(list);
  sessions
    .command("restore")
    .description("put a snapshot's changes back into its session, which is over: they wait for review again")
    .argument("<session>", "its id")
    .argument("<name>", "the snapshot's name")
    .option("--json", "print one JSON document")
    .action(restore);
}

async function take(session: string, name: string | undefined, options: Options): Promise<void> {
  refuseInside();
  const mostBytes = parseSize(options.max);
  if (mostBytes === undefined)
    return fail({ code: "usage", message: `\`${options.max}\` is no size`, hint: "such as `--max 10g`" }, EXIT.usage);
  const wish = { tmp: options.tmp === true, mostBytes, ...(name === undefined ? {} : { name }) };
  const kept = await keepSession(reviewPlaces(), session, wish);
  if (!kept.ok) return fail(kept.error, EXIT.cannotStart);
  if (options.json === true) return print(kept.value);
  complain(`ringfence: kept as ${lineOf(kept.value)}\nhint: ringfence run --from ${nameOf(kept.value)} -- COMMAND\n`);
}

async function list(session: string | undefined, options: Options): Promise<void> {
  const stateDir = callerStateDir(process.env);
  if (options.remove !== undefined) {
    refuseInside();
    const found = findSnapshot(stateDir, { session: session ?? "", name: options.remove });
    if (!found.ok) return fail(found.error, EXIT.badInput);
    await removeSnapshot(reviewPlaces(), found.value);
    return complain(`ringfence: snapshot ${nameOf(found.value)} is removed\n`);
  }
  const snapshots = listSnapshots(stateDir, session);
  if (options.json === true) return print({ snapshots });
  if (snapshots.length === 0) return complain("ringfence: no snapshot is kept\n");
  for (const one of snapshots) process.stdout.write(`${lineOf(one)}  ${one.takenAt}  ${one.of.workspace}\n`);
}

async function restore(session: string, name: string, options: Options): Promise<void> {
  refuseInside();
  const places = reviewPlaces();
  const found = findSnapshot(places.stateDir, { session, name });
  if (!found.ok) return fail(found.error, EXIT.badInput);
  const back = await restoreSnapshot(places, found.value);
  if (!back.ok) return fail(back.error, EXIT.cannotStart);
  if (options.json === true) return print({ session, snapshot: name, held: back.value.held });
  complain(`ringfence: ${back.value.held} changes wait: ringfence review ${session}\n`);
}

function nameOf({ session, name }: SnapshotMeta): string {
  return `${session}/${name}`;
}

function lineOf(one: SnapshotMeta): string {
  return `${nameOf(one)}  ${bytesText(one.bytes)} in ${one.files} files`;
}

function print(document: object): void {
  printJson(document, 1);
}
