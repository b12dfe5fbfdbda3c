// Which changes a person means by the paths they name. A name is a file, or a folder with everything below it; what only makes sense together
// comes together; and what git would run is never meant by the name of a folder above it.
import { err, ok, type Problem, type Result } from "#core";
import { gitPlace, isGitData, type Judged } from "#core/review";

/** What was named. */
export interface Wanted {
  readonly paths: readonly string[];
  readonly all: boolean;
}

/** What no word of a person makes right on the host: it would be something else there than what was shown. */
export const NEVER: ReadonlySet<string> = new Set(["special-file", "bad-name", "git-unverified", "offered"]);

/** The chosen changes in their order, or which path names none. `withFolders`: also the new folders that they stand in. */
export function chooseChanges(
  review: { readonly meta: { readonly id: string }; readonly changes: readonly Judged[] },
  wanted: Wanted,
  options: { readonly withFolders: boolean },
): Result<readonly Judged[], Problem> {
  if (wanted.all) return ok(review.changes);
  const chosen = new Set<Judged>();
  for (const path of wanted.paths) {
    const name = plainName(path);
    const found = review.changes.filter((entry) => isMeant(entry, name));
    if (found.length === 0) {
      return err({
        code: "no-such-change",
        message: `no change of this session is at \`${path}\``,
        hint: `ringfence review ${review.meta.id}`,
      });
    }
    for (const entry of found) chosen.add(entry);
  }
  const units = new Set([...chosen].flatMap((entry) => unitOf(entry) ?? []));
  const folders = new Set(
    [...chosen].flatMap(({ change }) => (change.kind === "delete" ? [] : foldersAbove(change.path))),
  );
  return ok(
    review.changes.filter(
      (entry) =>
        chosen.has(entry) ||
        units.has(unitOf(entry) ?? "") ||
        (options.withFolders && folders.has(entry.change.path) && entry.change.after?.type === "folder"),
    ),
  );
}

/**
 * Those that would take a person's own work back and are not named themselves: commits (`git-moved`) under `--all`, and what the host has there
 * since (`host-moved`). What goes with a folder that is named and replaced is named with it.
 */
export function overwritesUnnamed(chosen: readonly Judged[], { paths, all }: Wanted): readonly Judged[] {
  const named = new Set(paths.map(plainName));
  const replaced = chosen.flatMap(({ change: { kind, path } }) => (kind === "type" && named.has(path) ? [path] : []));
  return chosen.filter(({ change: { kind, path }, held }) => {
    if (held?.code === "git-moved") return all;
    if (held?.code !== "host-moved" || gitPlace(path) !== undefined || named.has(path)) return false;
    return kind !== "delete" || !replaced.some((folder) => path.startsWith(`${folder}/`));
  });
}

function plainName(path: string): string {
  const plain = path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
  // Absolute: of a repository that lies elsewhere.
  return path.startsWith("/") ? `/${plain}` : plain;
}

function isMeant({ change }: Judged, name: string): boolean {
  if (change.path === name) return true;
  if (name !== "" && !change.path.startsWith(`${name}/`)) return false;
  const place = gitPlace(change.path);
  const isObeyed = place !== undefined && place.inside !== "" && !isGitData(place);
  // `hooks` means the hooks; `.git`, or the folder that it is in, does not.
  return !isObeyed || name.length > place.git.length;
}

/** The repository that the change is a part of. */
function unitOf({ change }: Judged): string | undefined {
  const place = gitPlace(change.path);
  return place !== undefined && isGitData(place) ? place.git : undefined;
}

function foldersAbove(path: string): readonly string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("/"));
}
