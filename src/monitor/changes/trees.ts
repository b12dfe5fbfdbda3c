// The folders of the host that one session may change, each with the session's layer over it: the workspace; for a private copy also the
// repository that its commits are handed over to; for a linked worktree or submodule the repository elsewhere. Changes of all of them are shown
// as one list: below the workspace by relative paths, elsewhere by absolute ones.
import { join } from "node:path";
import type { Change } from "#core/review";
import type { ApplyPlaces } from "#sandbox";
import { copyFolder, handoverFolder, outputFolder, repositoryFolders, sessionPaths } from "../session-folders.ts";
import type { SessionMeta } from "../sessions.ts";
import { pastFolder } from "./past-folder.ts";

/** One folder of the host and one layer. */
export interface Tree {
  readonly kind: "workspace" | "handover" | "repository" | "output";
  readonly places: ApplyPlaces;
  /** What the session saw below its layer, when that is not the host's folder. */
  readonly lower?: string;
  /** In front of the paths that are shown; empty for the workspace's own. */
  readonly prefix: string;
}

/** What tells a session's trees. */
export type TreeMeta = Pick<SessionMeta, "id" | "workspace" | "kind" | "copy" | "repository">;

/** The trees of a session, in the order in which their changes are carried out: objects and branches last. */
export function treesOf(stateDir: string, meta: TreeMeta): readonly Tree[] {
  const paths = sessionPaths(stateDir, meta.id);
  const { dir } = paths;
  const past = pastFolder(stateDir, meta.id);
  const stage = join(dir, "stage");
  const prefixOf = (root: string): string => (root === meta.workspace ? "" : root === "/" ? "/" : `${root}/`);
  if (meta.kind === "direct" || meta.kind === "uncontained") return [];
  if (meta.kind === "read-only") {
    const places = { root: meta.workspace, upper: outputFolder(paths), journal: join(dir, "output.json"), stage, past };
    return [{ kind: "output", prefix: "", lower: join(dir, "nothing"), places }];
  }
  const { copy, repository } = meta;
  const workspace: Tree = {
    kind: "workspace",
    prefix: "",
    ...(copy === undefined ? {} : { lower: copyFolder(paths) }),
    places: { root: meta.workspace, upper: paths.upper, journal: join(dir, "journal.json"), stage, past },
  };
  const elsewhere = (kind: "handover" | "repository", root: string, upper: string): Tree => ({
    kind,
    prefix: prefixOf(root),
    places: {
      ...{ root, upper, stage, journal: join(dir, `${kind}.json`) },
      past: root === meta.workspace ? past : join(past, "repository"),
    },
  });
  return [
    workspace,
    ...(copy === undefined ? [] : [elsewhere("handover", copy.repository.root, handoverFolder(paths))]),
    ...(repository === undefined ? [] : [elsewhere("repository", repository.root, repositoryFolders(paths).upper)]),
  ];
}

/** The change as it is shown. */
export function toShown(tree: Tree, change: Change): Change {
  return tree.prefix === "" ? change : { ...change, path: `${tree.prefix}${change.path}` };
}

/** The change as the tree knows it. */
export function fromShown(tree: Tree, change: Change): Change {
  return tree.prefix === "" ? change : { ...change, path: change.path.slice(tree.prefix.length) };
}

/** The tree of a shown path. */
export function treeOf(trees: readonly Tree[], path: string): Tree | undefined {
  const isIn = ({ kind, prefix }: Tree): boolean =>
    prefix !== ""
      ? path.startsWith(prefix)
      : // A private copy's own repository never goes anywhere as files, so what stands there is the handover's.
        !path.startsWith("/") && (kind !== "handover" || path === ".git" || path.startsWith(".git/"));
  return trees.findLast(isIn);
}
