// What a session is shown as its workspace (SAND-7), made ready before anything is planned: the host's own folder, or a private copy of its
// repository; and where its results will go.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { Policy, WorkspaceKind } from "#core/policy";
import type { Mount } from "#core/sandbox";
import { forTerminal } from "#core/text";
import { BORROWED_OBJECTS, makePrivateCopy, type PrivateCopy } from "#sandbox";
import { type RepositoryPlace, repositoryOf } from "../changes/repository-place.ts";
import type { RunRequest } from "../request.ts";
import { type CopyMeta, copyFolder, outputFolder, repositoryFolders, type SessionPaths } from "../session-folders.ts";
import { insideUser } from "./inside-user.ts";
import type { Workspace } from "./workspace.ts";

/** The workspace of one session, ready to be shown at its own path. */
export interface ShownWorkspace {
  readonly kind: WorkspaceKind;
  /** The folder that is shown: the workspace itself, or the copy. */
  readonly lower: string;
  readonly copy?: CopyMeta;
  /** The workspace's repository when it lies elsewhere and is shown copy-on-write. */
  readonly repository?: RepositoryPlace;
  readonly mounts: readonly Mount[];
  readonly env: Readonly<Record<string, string>>;
  readonly notices: readonly string[];
}

/** Where a read-only session may leave files, as it sees it. */
export const INSIDE_OUTPUT = "/run/ringfence/output";

/** What it needs to know. */
export interface ShownParts {
  readonly request: RunRequest;
  readonly session: string;
  readonly workspace: Workspace;
  readonly policy: Policy;
  /** Made already. */
  readonly paths: SessionPaths;
}

/** Makes it ready, or says why that kind cannot be had here. */
export async function showWorkspace(parts: ShownParts): Promise<Result<ShownWorkspace, Problem>> {
  const { policy, workspace } = parts;
  const kind = policy.sandbox.mode === "read-only" ? "read-only" : policy.sandbox.workspace;
  if (policy.tier === "high" && (kind === "direct" || kind === "worktree")) return err(tooWeak(kind));
  // Whoever said that everything waits is not overruled by a kind in which nothing does.
  if (kind === "direct" && policy.sandbox.apply === "ask") return err(NOTHING_WAITS);
  const plain = { kind, lower: workspace.root, mounts: [], env: {}, notices: [] };
  switch (kind) {
    case "clone":
    case "worktree":
      return copied(parts, kind);
    case "read-only":
      return ok({ ...plain, ...withOutput(parts) });
    case "overlay":
      return ok({ ...plain, ...withRepository(parts) });
    case "direct":
      return ok({ ...plain, ...shownRepository(workspace, "changes of a `direct` workspace are live") });
    default:
      return kind satisfies never;
  }
}

const NOTHING_WAITS: Problem = {
  code: "direct-apply",
  message: "`apply: ask` holds every change for review, and in `workspace: direct` every change is live at once",
  hint: "use `--workspace overlay`, or `--apply end` if you may loosen it",
};

function tooWeak(kind: WorkspaceKind): Problem {
  return {
    code: "tier-workspace",
    message: `\`tier: high\` does not allow \`workspace: ${kind}\`: ${kind === "direct" ? "its changes are live before any gate" : "it shows every branch and object of the repository"}`,
    hint: "use `--workspace clone` or `--workspace overlay`",
  };
}

/** A folder for what a session that may change nothing wants to hand over. */
function withOutput({ paths, workspace }: ShownParts): Pick<ShownWorkspace, "mounts" | "env" | "notices"> {
  const output = outputFolder(paths);
  mkdirSync(output, { mode: 0o755 });
  const shown = shownRepository(workspace, "the workspace is read-only");
  return {
    ...shown,
    mounts: [...shown.mounts, { kind: "bind", source: output, target: INSIDE_OUTPUT }],
    env: { RINGFENCE_OUTPUT: INSIDE_OUTPUT },
  };
}

/** The repository of a linked worktree or submodule, to be committed to: the host's is not written, what comes of it passes the gate. */
function withRepository({ workspace, paths }: ShownParts): Partial<ShownWorkspace> {
  const place = workspace.gitFolder === undefined ? undefined : repositoryOf(workspace);
  if (place === undefined) return {};
  // Only what is named like one can be judged as one.
  if (!/^\.git(?:$|\/)/.test(place.git)) return shownRepository(workspace, "it is not named `.git`");
  const { upper, work } = repositoryFolders(paths);
  mkdirSync(join(upper, place.git), { recursive: true, mode: 0o755 });
  mkdirSync(work, { mode: 0o755 });
  return { repository: place };
}

function shownRepository({ gitFolder }: Workspace, why: string): Pick<ShownWorkspace, "mounts" | "notices"> {
  if (gitFolder === undefined) return { mounts: [], notices: [] };
  const { common, kind } = gitFolder;
  return {
    mounts: [{ kind: "ro-bind", source: common, target: common }],
    notices: [`no commits inside: the repository of this ${kind} is elsewhere, so read-only (\`${common}\`; ${why})`],
  };
}

async function copied(parts: ShownParts, kind: "clone" | "worktree"): Promise<Result<ShownWorkspace, Problem>> {
  const { request, workspace, paths, policy } = parts;
  const place = repositoryOf(workspace);
  if (place === undefined) {
    return err({
      code: "copy-no-repository",
      message: `\`${workspace.root}\` is no git repository, and \`workspace: ${kind}\` needs a commit to start from`,
      hint: "make one (`git init`, `git add`, `git commit`), or use `--workspace overlay`",
    });
  }
  const branch = `ringfence/${parts.session}`;
  const common = join(place.root, place.git);
  const to = copyFolder(paths);
  request.progress(`making a private ${kind === "clone" ? "clone" : "worktree"} of \`${forTerminal(workspace.root)}\``);
  const made = await makePrivateCopy({
    ...{ common, kind, branch, to },
    gitDir: workspace.gitFolder?.own ?? common,
    user: insideUser(request.caller),
    mostBytes: policy.sandbox.limits.diskBytes,
  });
  if (!made.ok) return made;
  if (!existsSync(join(to, workspace.cwd.slice(workspace.root.length)))) {
    return err({
      code: "copy-no-folder",
      message: `\`${workspace.cwd}\` is not in the commit that the session would start from`,
      hint: "commit it first, or start from a folder that is",
    });
  }
  return ok({
    ...{ kind, lower: to, env: {}, notices: copyNotices(made.value) },
    copy: { commit: made.value.commit, branch, repository: place },
    mounts: kind === "worktree" ? [{ kind: "ro-bind", source: join(common, "objects"), target: BORROWED_OBJECTS }] : [],
  });
}

/** What a private copy does not bring, in words. */
function copyNotices({ submodules, filters }: PrivateCopy): readonly string[] {
  const first = (paths: readonly string[]): string =>
    paths.length > 3 ? `${paths.slice(0, 3).join(", ")} and more` : paths.join(", ");
  return [
    ...(submodules.length === 0 ? [] : [`submodules are empty folders in the copy: ${first(submodules)}`]),
    ...(filters.length === 0
      ? []
      : [
          `filters are not run (Git LFS files are pointers in the copy), as \`filter=\` in ${first(filters)} would want`,
        ]),
  ];
}
