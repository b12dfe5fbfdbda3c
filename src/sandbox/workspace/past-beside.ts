// A change of the workspace that does not come by apply (git's own settings, merged by git): what it replaces is kept all the same.
import { isSameState, type PastEntry } from "#core/review";
import { inParent } from "./folder.ts";
import { stateOf } from "./host-entry.ts";
import { keepImage } from "./past-image.ts";
import { PastStore } from "./past-store.ts";

/** Keeps what stands at `path`, acts, and notes what stands there then. Throws when it cannot be kept: then nothing was done. */
export function changeKept(
  places: { readonly root: string; readonly past: string; readonly path: string },
  act: () => void,
): void {
  const { root, path } = places;
  const store = new PastStore(places.past);
  const now = inParent(root, path, (folder, name): PastEntry | null => {
    const at = folder.at(name);
    const entry = stateOf(path, at);
    if (entry?.type !== "file") return entry;
    const { meaning, ...plain } = entry;
    return keepImage(store, { path, at, entry: plain, digest: entry.digest }, true);
  });
  const last = store.records.get(path);
  const isOwn = last !== undefined && last.undone !== true && last.left !== "unknown" && isSameState(now, last.left);
  const before = isOwn ? last.before : now;
  store.append([{ path, before, left: "unknown" }]);
  try {
    act();
  } finally {
    store.append([{ path, before, left: inParent(root, path, (folder, name) => stateOf(path, folder.at(name))) }]);
  }
}
