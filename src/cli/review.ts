// `ringfence review`: what a session would still change on the host, as a diff, with why each thing waits.
import { Command } from "commander";
import { hunksAt, type OpenReview, type ReviewPlaces, showReview } from "#monitor";
import { EXIT, fail } from "./exit.ts";
import { jsonLine } from "./print-json.ts";
import { requireReview, reviewPlaces, SESSION_AND_PATHS, splitTarget } from "./review-session.ts";

/** The command. Exit 0: nothing waits for a person; 1: something does. */
export function reviewCommand(): Command {
  return new Command("review")
    .description("show what a session would still change, as a diff, and why it waits")
    .argument("[session-and-paths...]", `${SESSION_AND_PATHS}: all of them is shown`)
    .option("--json", "print one JSON document")
    .action(review);
}

async function review(args: readonly string[], options: { readonly json?: true }): Promise<void> {
  const { id, paths: words } = splitTarget(args);
  const paths = words.map((word) => word.replace(/^(?:\.\/)+|\/+$/g, ""));
  const places = reviewPlaces();
  const open = await requireReview(places, id);
  const missing = paths.find(
    (name) => !open.changes.some(({ change: { path } }) => path === name || path.startsWith(`${name}/`)),
  );
  if (missing !== undefined)
    fail(
      {
        code: "no-such-change",
        message: `no change of this session is at \`${missing}\``,
        hint: `ringfence review ${open.meta.id}`,
      },
      EXIT.badInput,
    );
  const held = open.changes.filter((entry) => entry.held !== undefined).length;
  if (options.json === true)
    process.stdout.write(
      jsonLine({ session: open.meta.id, workspace: open.meta.workspace, changes: shownChanges(places, open, paths) }),
    );
  else {
    process.stdout.write(
      `session ${open.meta.id}: ${open.changes.length} ${open.changes.length === 1 ? "change" : "changes"}, ${held} held\n\n${showReview(places, open, paths)}\n`,
    );
    const how =
      open.meta.kind === "read-only" ? "--to FOLDER [PATH…]   (or --all)" : "PATH…   (or --hunk FILE:N…, or --all)";
    process.stdout.write(
      `apply:   ringfence apply ${open.meta.id} ${how}\ndiscard: ringfence discard ${open.meta.id} [PATH…]\n`,
    );
  }
  process.exitCode = held > 0 ? 1 : 0;
}

/** As data: with the hunks of each file that is named. */
function shownChanges(places: ReviewPlaces, open: OpenReview, paths: readonly string[]): readonly object[] {
  if (paths.length === 0) return open.changes;
  return open.changes.flatMap((entry) => {
    const { path } = entry.change;
    if (!paths.some((name) => path === name || path.startsWith(`${name}/`))) return [];
    const hunks = hunksAt(places, open, path);
    return [hunks.ok ? { ...entry, hunks: hunks.value } : entry];
  });
}
