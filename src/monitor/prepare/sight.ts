// What the agent will see of the workspace: how it is shown, which files are hidden in it, and what git shows of their history (CRED-6).
import { ok, type Problem, type Result } from "#core";
import { compileDenies } from "#core/paths";
import { identityOf, type SecretFiles, type SecretSearch } from "#sandbox";
import { startFromNamed } from "../lifecycle/restore.ts";
import type { SnapshotMeta } from "../lifecycle/snapshots.ts";
import type { RunRequest } from "../request.ts";
import type { SessionPaths } from "../session-folders.ts";
import type { Decided } from "./decide.ts";
import { type PlannedGitView, planGitView } from "./git-view.ts";
import type { SecretHunt } from "./secret-search.ts";
import { type ShownWorkspace, showWorkspace } from "./shown-workspace.ts";
import type { Workspace } from "./workspace.ts";

/** It, made ready. */
export interface Sight {
  readonly shown: ShownWorkspace;
  /** The snapshot that it goes on from. */
  readonly from: SnapshotMeta | undefined;
  /** What makes a file a secret here. */
  readonly search: SecretSearch;
  /** The masked files, absolute: as the host has them in the folder that is shown, with what each was when it was found ... */
  readonly identities: ReadonlyMap<string, string>;
  /** ... and as they are called inside. */
  readonly masked: readonly string[];
  readonly gitView: PlannedGitView;
  /** Object stores that were looked through, absolute. */
  readonly stores: readonly string[];
  /** Secrets that the policy shows, files and repositories, below the workspace. */
  readonly exposed: readonly string[];
}

/** What it is made from. */
export interface SightParts {
  readonly request: RunRequest;
  readonly session: string;
  readonly workspace: Workspace;
  readonly decided: Decided;
  /** Made already. */
  readonly paths: SessionPaths;
  readonly hunt: SecretHunt;
}

/** Makes it ready, in the session's folders. */
export async function showToAgent(parts: SightParts): Promise<Result<Sight, Problem>> {
  const { request, session, workspace, decided, paths, hunt } = parts;
  const { policy, walls } = decided;
  const { root } = workspace;
  const shown = await showWorkspace({ request, session, workspace, policy, paths });
  if (!shown.ok) return shown;
  const from = await startFromNamed(request, { paths, workspace: root, kind: shown.value.kind });
  if (!from.ok) return from;
  const { lower } = shown.value;
  const place = { root, home: request.caller.home };
  const shownTexts = policy.sandbox.filesystem.showSecrets.map(({ text }) => text);
  const isShown = compileDenies(shownTexts, place);
  const alsoMasked = walls.unreadable.length === 0 ? undefined : compileDenies(walls.unreadable, place);
  const search = { isShown, ...(alsoMasked === undefined ? {} : { alsoMasked }) };
  const found = await hunt.judge(lower, search);
  if (!found.ok) return found;
  const { paths: files, repositories } = found.value;
  const isShownHistory = (path: string): boolean => isShown(path.slice(lower.length + 1));
  const gitView = await planGitView({
    ...{ request, root, paths, shown: shown.value, maskedFiles: files },
    repositories: repositories.filter((path) => !isShownHistory(path)),
    rules: search,
    rulesText: JSON.stringify([walls.unreadable, shownTexts]),
  });
  if (!gitView.ok) return gitView;
  return ok({
    ...{ shown: shown.value, from: from.value, search, identities: identitiesOf(found.value), gitView: gitView.value },
    masked: files.map((path) => `${root}${path.slice(lower.length)}`),
    stores: repositories.map((path) => `${path}/objects`),
    exposed: [...found.value.shown, ...repositories.filter(isShownHistory)].map((path) => path.slice(lower.length + 1)),
  });
}

function identitiesOf({ paths }: SecretFiles): ReadonlyMap<string, string> {
  return new Map(
    paths.flatMap((path) => {
      const identity = identityOf(path);
      return identity === undefined ? [] : [[path, identity] as const];
    }),
  );
}
