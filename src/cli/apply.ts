// `ringfence apply`: a person lets named changes of a session through to the workspace. There is no answering yes by option: paths are named,
// or `--all` is written out.
import { Command } from "commander";
import { forTerminal } from "#core/text";
import { applyHunks, applyReview, takeOutput } from "#monitor";
import { EXIT, fail } from "./exit.ts";
import { printJson } from "./print-json.ts";
import { parseHunks, requireReview, reviewPlaces, SESSION_AND_PATHS, splitTarget } from "./review-session.ts";

/** The command. Exit 0: all that was named is applied; 1: something was refused. */
export function applyCommand(): Command {
  return new Command("apply")
    .description("apply changes that wait: by path, or all")
    .argument("[session-and-paths...]", SESSION_AND_PATHS)
    .option("--all", "everything that waits")
    .option("--hunk <file:n...>", "only these hunks of these files; the rest of each waits on")
    .option("--to <folder>", "where the output of a read-only session goes; without paths, all that is clean")
    .option("--json", "print one JSON document")
    .action(apply);
}

interface Options {
  readonly all?: true;
  readonly hunk?: readonly string[];
  readonly to?: string;
  readonly json?: true;
}

async function apply(args: readonly string[], options: Options): Promise<void> {
  const { id, paths } = splitTarget(args);
  const all = options.all === true;
  const { hunk, to } = options;
  if (
    hunk !== undefined
      ? all || to !== undefined || paths.length > 0
      : to === undefined
        ? all === paths.length > 0
        : all && paths.length > 0
  ) {
    fail(
      {
        code: "usage",
        message: all || hunk !== undefined ? "paths, `--hunk`, `--all` and `--to` exclude each other" : "no path named",
        hint: "ringfence apply [SESSION] PATH…, or --hunk FILE:N…, or --all",
      },
      EXIT.usage,
    );
  }
  const places = reviewPlaces();
  const open = await requireReview(places, id);
  const done = await (hunk !== undefined
    ? applyHunks(places, open, parseHunks(hunk))
    : to === undefined
      ? applyReview(places, open, { paths, all })
      : takeOutput(places, open, { paths, all, to }));
  if (!done.ok) return fail(done.error, EXIT.badInput);
  const { applied, refused, notices, left } = done.value;
  if (options.json === true) printJson(done.value);
  else {
    for (const path of applied) process.stdout.write(`applied  ${forTerminal(path)}\n`);
    for (const { path, code } of refused) process.stdout.write(`refused  ${forTerminal(path)}  (${code})\n`);
    for (const notice of notices) process.stdout.write(`note     ${forTerminal(notice)}\n`);
    process.stdout.write(left > 0 ? `${left} left: ringfence review ${open.meta.id}\n` : "nothing left to review\n");
  }
  process.exitCode = refused.length > 0 ? 1 : 0;
}
