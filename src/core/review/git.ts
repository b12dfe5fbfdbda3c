// Git's own folder at the gate: what a repository is made of (objects, refs, index, HEAD) comes back as one unit or not at all, so that
// the host never has a ref without its objects. Settings, hooks and everything unknown in `.git` wait for a person. Pure.
import type { Change } from "./change.ts";
import type { HoldReason } from "./gate.ts";

// What git only stores. Everything else below `.git` may be run or obeyed by some git command, now or in a later version.
const DATA =
  /^(?:objects(?:$|\/(?:[0-9a-f]{2}|pack|info)(?:$|\/[0-9a-f]{38,62}$|\/(?:pack|loose|multi-pack-index|tmp_)[A-Za-z0-9_.-]*$|\/commit-graph(?:s(?:\/.*)?)?$|\/packs$))|refs(?:$|\/.*)|packed-refs|HEAD|ORIG_HEAD|FETCH_HEAD|MERGE_HEAD|MERGE_MSG|MERGE_MODE|AUTO_MERGE|CHERRY_PICK_HEAD|REVERT_HEAD|REBASE_HEAD|BISECT_(?:LOG|NAMES|TERMS|START|EXPECTED_REV|ANCESTORS_OK)|SQUASH_MSG|COMMIT_EDITMSG|TAG_EDITMSG|NOTES_EDITMSG|index|logs(?:$|\/.*)|shallow|description|info(?:$|\/(?:exclude|refs|sparse-checkout)$)|gc\.(?:log|pid)|hooks(?:$|\/[a-z-]+\.sample$)|branches$|sequencer(?:$|\/.*))$/;
const UNIT = /^(?:refs\/|packed-refs$|HEAD$|index$|logs\/|ORIG_HEAD$)/;

const MOVED: HoldReason = {
  code: "git-moved",
  why: "the host's repository got commits or changes of its own meanwhile: apply it by hand (`ringfence review` shows how)",
};
const SETTINGS: HoldReason = { code: "git-settings", why: "git would run or obey it" };

/** A judge of changes below any `.git`; others pass. */
export function gitVerdict(changes: readonly Change[], startedMs: number): (change: Change) => HoldReason | undefined {
  const moved = new Set<string>();
  for (const change of changes) {
    const place = placeOf(change.path);
    if (
      place !== undefined &&
      UNIT.test(place.inside) &&
      change.before !== undefined &&
      change.before.type !== "folder" &&
      change.before.changedMs > startedMs
    )
      moved.add(place.git);
  }
  return (change) => {
    const place = placeOf(change.path);
    if (place === undefined) return undefined;
    if (place.inside !== "" && !DATA.test(place.inside)) return SETTINGS;
    if (change.after?.type === "link") return SETTINGS;
    return moved.has(place.git) ? MOVED : undefined;
  };
}

/** The git folder of a path and the rest below it: `a/.git/refs/x` → `a/.git`, `refs/x`. */
function placeOf(path: string): { readonly git: string; readonly inside: string } | undefined {
  const found =
    /^((?:.*\/)?\.git(?:\/modules\/(?:(?!objects\/|refs\/|logs\/).)+?(?=\/(?:objects|refs|logs|HEAD|index|packed-refs|config|hooks|info)(?:\/|$)|$))?)(?:\/(.*))?$/.exec(
      path,
    );
  if (found === null) return undefined;
  return { git: found[1] ?? "", inside: found[2] ?? "" };
}
