// `ringfence review`: what a session would still change on the host, as a diff, with why each thing waits.
import { Command } from "commander";
import { showReview } from "#monitor";
import { requireReview, reviewPlaces } from "./review-session.ts";

/** The command. Exit 0: nothing waits for a person; 1: something does. */
export function reviewCommand(): Command {
  return new Command("review")
    .description("show what a session would still change, as a diff, and why it waits")
    .argument("[session]", "the last one that waits in this workspace, if not given")
    .option("--json", "print one JSON document")
    .action(review);
}

async function review(id: string | undefined, options: { readonly json?: true }): Promise<void> {
  const places = reviewPlaces();
  const open = await requireReview(places, id);
  const held = open.changes.filter((entry) => entry.held !== undefined).length;
  if (options.json === true)
    process.stdout.write(
      `${JSON.stringify({ session: open.meta.id, workspace: open.meta.workspace, changes: open.changes })}\n`,
    );
  else {
    process.stdout.write(
      `session ${open.meta.id}: ${open.changes.length} ${open.changes.length === 1 ? "change" : "changes"}, ${held} held\n\n${showReview(places, open)}\n`,
    );
    process.stdout.write(
      `apply:   ringfence apply ${open.meta.id} PATH…   (or --all)\ndiscard: ringfence discard ${open.meta.id} [PATH…]\n`,
    );
  }
  process.exitCode = held > 0 ? 1 : 0;
}
