// A repository's settings on their way back: after its branches came, what they need to know of their remotes follows; on record first (I6).
import type { Append } from "#core/log";
import { gitPlace, isGitData, isGitObject } from "#core/review";
import { type ConfigPlace, planGitConfig, writeGitConfig } from "#review";
import { changeKept } from "#sandbox";
import { type ChangesPlace, markSettled } from "./changes.ts";
import { writePastMeta } from "./past-folder.ts";
import { treeOf, treesOf } from "./trees.ts";

/** What became of one `config` file. */
export interface MergedSettings {
  readonly path: string;
  readonly merged: readonly string[];
  /** Changed keys that still wait. */
  readonly held: readonly string[];
}

/**
 * Merges the harmless part of every `config` among the `waiting` paths whose repository does not wait itself. A file of which nothing is left
 * is settled. Throws when the record cannot be written; then nothing was.
 */
export async function mergeSettings(
  place: ChangesPlace,
  waiting: readonly string[],
  append: Append,
): Promise<readonly MergedSettings[]> {
  const torn = new Set(
    waiting.flatMap((path) => {
      const found = gitPlace(path);
      return found !== undefined && isGitData(found) && !isGitObject(found) ? [found.git] : [];
    }),
  );
  const trees = treesOf(place.stateDir, place.meta);
  const results: MergedSettings[] = [];
  for (const path of waiting) {
    const found = gitPlace(path);
    if (found?.inside !== "config" || torn.has(found.git)) continue;
    const tree = treeOf(trees, path);
    // What is only offered belongs to no repository of the host yet.
    if (tree === undefined || tree.kind === "output") continue;
    const { root: workspace, upper, past } = tree.places;
    const config: ConfigPlace = { workspace, upper, git: found.git.slice(tree.prefix.length) };
    const plan = planGitConfig(config);
    if (plan === undefined) continue;
    if (plan.merge.length > 0) {
      const settings = plan.merge.slice(0, NAMED_MOST).map(({ key, values }) => ({ key, values: [...values] }));
      await append({ type: "diff", origin: "observed", data: { path, merged: plan.merge.length, settings } });
      writePastMeta(place.stateDir, place.meta);
      changeKept({ root: workspace, past, path: path.slice(tree.prefix.length) }, () =>
        writeGitConfig(config, plan.merge),
      );
    }
    if (plan.held.length === 0) markSettled(place, [path]);
    results.push({ path, merged: plan.merge.map(({ key }) => key), held: plan.held });
  }
  return results;
}

const NAMED_MOST = 300;
