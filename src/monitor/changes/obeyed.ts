// Ordinary files of a workspace that something on the host obeys by another name: for the gate of an overlay and the guard of a direct workspace.
import { join, resolve } from "node:path";
import type { Obeyed } from "#core/review";
import { namedByGit } from "#review";
import { placesOf, seeObeyed, smallText } from "#sandbox";

/** All of them, as the host is now. `root` is real. */
export function obeyedPlaces(root: string, home: string): readonly Obeyed[] {
  const { places, repositories } = seeObeyed(root);
  // A linked worktree's settings are those of the repository that it belongs to.
  const common = repositories.flatMap(({ git, worktree }) => {
    const up = smallText(join(git, "commondir"), 4_096)?.trim();
    return up === undefined ? [] : [{ git: resolve(git, up), worktree }];
  });
  const named = namedByGit([...repositories, ...common], home).flatMap(({ path, key }) =>
    path === root || path.startsWith(`${root}/`)
      ? placesOf(root, path.slice(root.length + 1)).map((at) => ({ path: at, by: `git's setting \`${key}\`` }))
      : [],
  );
  const both: readonly Obeyed[] = [...places, ...named];
  const all = new Map(both.map((place) => [`${place.path}\0${place.as ?? ""}`, place]));
  return [...all.values()];
}

/** The same, looked for no more often than each `everyMs`: for who judges again and again. */
export function obeyedFromTimeToTime(everyMs: number): typeof obeyedPlaces {
  let known: { readonly at: number; readonly places: readonly Obeyed[] } | undefined;
  return (root, home) => {
    const now = performance.now();
    if (known === undefined || now - known.at > everyMs) known = { at: now, places: obeyedPlaces(root, home) };
    return known.places;
  };
}
