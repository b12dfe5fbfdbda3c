// What is obeyed by another name than its own (SAND-3): a hook that is a link to a script of the project, a folder that git's settings name.
// A change there is a change of the protected name. Pure; the places are found by `sandbox/workspace/obeyed.ts` and `review/git-named.ts`.
import { leadsToProtected, protection } from "../paths/index.ts";
import type { Change } from "./change.ts";
import type { HoldReason } from "./reason.ts";

/** A place of the workspace to which another name leads. Paths are relative to the root. */
export interface Obeyed {
  readonly path: string;
  /** The name that leads here: protected, or the beginning of one (`.github`). Absent where a program obeys all of the place. */
  readonly as?: string;
  /** What leads here, for a person: `.envrc`, or a setting of git. */
  readonly by: string;
}

/** Prepared once: why a change touches one of the places, or `undefined`. */
export function obeyedReason(places: readonly Obeyed[]): (change: Change) => HoldReason | undefined {
  return (change) => {
    for (const place of places) {
      const why = whyIn(place, change);
      if (why !== undefined) return { code: "protected-path", why: `${place.by} leads here: ${why}` };
    }
    return undefined;
  };
}

/** The places as names that a guard refuses, which knows no beginnings of names: these it finds itself where the link leads somewhere. */
export function obeyedNames(places: readonly Obeyed[]): readonly string[] {
  return places.flatMap(({ path, as }) =>
    path !== "" && (as === undefined || protection(as)?.inDependencies === false) ? [path] : [],
  );
}

function whyIn({ path, as }: Obeyed, { path: changed, kind, after }: Change): string | undefined {
  const turns = kind === "type" || after?.type === "link";
  // A folder above that becomes a link, or anything else, takes the place elsewhere.
  if (turns && changed !== path && isBelow(path, changed)) return "this would take it elsewhere";
  if (!isBelow(changed, path)) return undefined;
  if (as === undefined) return "a program runs it, or takes settings from it";
  const name = path === "" ? `${as}/${changed}` : `${as}${changed.slice(path.length)}`;
  const found = protection(name);
  if (found !== undefined) return found.inDependencies ? undefined : found.why;
  const leads = turns ? leadsToProtected(name) : undefined;
  return leads === undefined ? undefined : `this would bring \`${leads}\``;
}

function isBelow(path: string, above: string): boolean {
  return above === "" || path === above || path.startsWith(`${above}/`);
}
