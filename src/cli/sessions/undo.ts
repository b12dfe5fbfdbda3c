// `ringfence sessions undo`: gives back what a session changed in the workspace, or brings it again.
import type { Command } from "commander";
import { forTerminal } from "#core/text";
import { type UndoResult, undoSession } from "#monitor";
import { EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { refuseInside, reviewPlaces, splitTarget } from "../review-session.ts";

interface Options {
  readonly json?: true;
  readonly dryRun?: true;
  readonly redo?: true;
}

/** Adds the command. Exit 0: all that was asked for is as before; 1: something was refused. */
export function addSessionsUndo(sessions: Command): void {
  sessions
    .command("undo")
    .description("give back what a session changed in the workspace: all of it, or these files and folders")
    .argument(
      "[session-and-paths...]",
      "the session (`last`, or none: the last one that changed something in this workspace), then files or folders",
    )
    .option("--dry-run", "only say what would be given back")
    .option("--redo", "bring again what an undo took away")
    .option("--json", "print one JSON document")
    .action(undo);
}

async function undo(args: readonly string[], options: Options): Promise<void> {
  refuseInside();
  const { id, paths } = splitTarget(args);
  const done = await undoSession(reviewPlaces(), {
    ...(id === undefined ? {} : { session: id }),
    paths,
    redo: options.redo === true,
    dryRun: options.dryRun === true,
  });
  if (!done.ok) return fail(done.error, EXIT.badInput);
  const { refused } = done.value;
  if (options.json === true) printJson(done.value);
  else print(done.value, options);
  process.exitCode = refused.length > 0 ? 1 : 0;
}

const WORDS = { add: "given back", modify: "given back", type: "given back", mode: "mode back", delete: "taken away" };

function print({ session, changes, refused, already }: UndoResult, { dryRun, redo }: Options): void {
  for (const { path, kind } of changes)
    process.stdout.write(`${dryRun === true ? "would be " : ""}${WORDS[kind]}  ${forTerminal(path)}\n`);
  for (const { path, code } of refused)
    process.stdout.write(`refused     ${forTerminal(path)}  (${code}: ${whyOf(code)})\n`);
  if (already.length > 0) process.stdout.write(`${already.length} already as before\n`);
  if (changes.length + refused.length + already.length === 0)
    process.stdout.write(`nothing to ${redo === true ? "redo" : "undo"} of ${session}\n`);
  else if (dryRun !== true && redo !== true && changes.length > 0)
    process.stdout.write(`to bring it again: ringfence sessions undo ${session} --redo\n`);
}

const WHY: Readonly<Record<string, string>> = {
  "host-moved": "somebody changed it since",
  "not-empty": "something else is in it now",
  "git-in-use": "somebody may have named what the session stored",
  "git-together": "another part of the same repository cannot go back",
  "git-moved": "another part of the same repository cannot go back",
  "git-locked": "a git is at work there",
  "image-lost": "the kept image is not what it was",
  "left-unknown": "the session was killed, so nobody knows how it left this",
  "not-kept": "what stands there now could not be kept",
  "too-large": "it was over the size that is kept",
};

function whyOf(code: string): string {
  return WHY[code] ?? "the system refused";
}
