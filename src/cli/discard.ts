// `ringfence discard`: throws away changes that wait, by path or the whole session. The record of the session stays.
import { Command } from "commander";
import { discardReview } from "#monitor";
import { EXIT, fail } from "./exit.ts";
import { requireReview, reviewPlaces, splitTarget } from "./review-session.ts";

/** The command. */
export function discardCommand(): Command {
  return new Command("discard")
    .description("throw away changes that wait: by path, or the whole session")
    .argument(
      "[session-and-paths...]",
      "the session (the last one that waits in this workspace, if not given), then files or folders",
    )
    .option("--json", "print one JSON document")
    .action(discard);
}

async function discard(args: readonly string[], options: { readonly json?: true }): Promise<void> {
  const { id, paths } = splitTarget(args);
  const places = reviewPlaces();
  const open = await requireReview(places, id);
  const done = await discardReview(places, open, paths);
  if (!done.ok) return fail(done.error, EXIT.badInput);
  const { discarded, left } = done.value;
  const rest = left > 0 ? `, ${left} left: ringfence review ${open.meta.id}` : "";
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(done.value)}\n`
      : `discarded ${discarded} ${discarded === 1 ? "change" : "changes"} of ${open.meta.id}${rest}\n`,
  );
}
