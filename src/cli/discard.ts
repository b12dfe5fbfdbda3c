// `ringfence discard`: throws away changes that wait, by path or the whole session. The record of the session stays.
import { Command } from "commander";
import { discardHunks, discardReview } from "#monitor";
import { EXIT, fail } from "./exit.ts";
import { jsonLine } from "./print-json.ts";
import { parseHunks, requireReview, reviewPlaces, SESSION_AND_PATHS, splitTarget } from "./review-session.ts";

/** The command. */
export function discardCommand(): Command {
  return new Command("discard")
    .description("throw away changes that wait: by path, or the whole session")
    .argument("[session-and-paths...]", SESSION_AND_PATHS)
    .option("--hunk <file:n...>", "only these hunks of these files; the rest of each waits on")
    .option("--json", "print one JSON document")
    .action(discard);
}

interface Options {
  readonly hunk?: readonly string[];
  readonly json?: true;
}

async function discard(args: readonly string[], options: Options): Promise<void> {
  const { id, paths } = splitTarget(args);
  const { hunk } = options;
  if (hunk !== undefined && paths.length > 0)
    fail(
      {
        code: "usage",
        message: "paths and `--hunk` exclude each other",
        hint: "ringfence discard [SESSION] --hunk FILE:N…",
      },
      EXIT.usage,
    );
  const places = reviewPlaces();
  const open = await requireReview(places, id);
  const done = await (hunk === undefined
    ? discardReview(places, open, paths)
    : discardHunks(places, open, parseHunks(hunk)));
  if (!done.ok) return fail(done.error, EXIT.badInput);
  const { discarded, left } = done.value;
  const what = hunk === undefined ? "change" : "hunk";
  const rest = left > 0 ? `, ${left} left: ringfence review ${open.meta.id}` : "";
  process.stdout.write(
    options.json === true
      ? jsonLine(done.value)
      : `discarded ${discarded} ${what}${discarded === 1 ? "" : "s"} of ${open.meta.id}${rest}\n`,
  );
}
