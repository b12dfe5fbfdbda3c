// A session's filtered view of git's objects (CRED-6), planned before it starts: which repositories are shown, what stands in for what, and what must
// be remembered so that none of it comes back to the host.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ok, type Problem, type Result } from "#core";
import type { SandboxPlan } from "#core/sandbox";
import { type GitView, layView, type MaskRules, makeGitView, type ShownGit, takeBack } from "#sandbox";
import type { RunRequest } from "../request.ts";
import type { SessionPaths } from "../session-folders.ts";
import { insideUser } from "./inside-user.ts";
import type { ShownWorkspace } from "./shown-workspace.ts";

/** What it is planned from. */
export interface GitViewParts {
  readonly request: RunRequest;
  readonly root: string;
  readonly shown: ShownWorkspace;
  readonly paths: SessionPaths;
  /** Repository folders of the workspace, absolute, as the search for secrets met them. */
  readonly repositories: readonly string[];
  readonly rules: MaskRules;
  readonly rulesText: string;
  /** Masked files on the host's side, absolute. */
  readonly maskedFiles: readonly string[];
}

/** What the session is shown. */
export interface PlannedGitView {
  readonly objects: NonNullable<SandboxPlan["objects"]>;
  /** Below the workspace, as inside: what is missing or other there is no change of the session. */
  readonly untouchable: readonly string[];
  /** How many blobs are masked. */
  readonly blobs: readonly string[];
  readonly notices: readonly string[];
}

/** Makes it ready, or says why nothing may run. */
export async function planGitView(parts: GitViewParts): Promise<Result<PlannedGitView, Problem>> {
  const { request, root, shown, paths } = parts;
  const cache = join(request.stateDir, "git-view");
  const layered = shown.kind !== "direct" && shown.kind !== "read-only";
  const make = (from: string, repositories: readonly string[]): Promise<Result<GitView, Problem>> =>
    makeGitView({ ...parts, root: from, repositories, cache });
  const instead: { target: string; source: string }[] = [];
  const hidden: string[] = [];
  const blobs = new Set<string>();
  const notices: string[] = [];
  const own = await make(shown.lower, parts.repositories);
  if (!own.ok) return own;
  const inside = (path: string): string => `${root}${path.slice(shown.lower.length)}`;
  hidden.push(...own.value.hidden.map(inside));
  for (const name of own.value.blobs) blobs.add(name);
  if (layered) {
    const place = { lower: shown.lower, mask: paths.mask, scratch: paths.dir, user: insideUser(request.caller) };
    const failed = await layView(own.value, place);
    notices.push(
      ...failed.map((folder) => `tracked secrets look deleted to git inside \`${folder}\`: do not commit that`),
    );
    remember(paths, own.value, shown.lower);
  } else instead.push(...own.value.instead.map(({ path, source }) => ({ target: inside(path), source })));
  for (const place of elsewhere(shown)) {
    const view = await make(place.root, [place.repository]);
    if (!view.ok) return view;
    const at = (path: string): string => `${place.target}${path.slice(place.source.length)}`;
    instead.push(...view.value.instead.map(({ path, source }) => ({ target: at(path), source })));
    hidden.push(...view.value.hidden.map(at));
    for (const name of view.value.blobs) blobs.add(name);
  }
  return ok({
    objects: {
      layered: layered && (own.value.instead.length > 0 || Object.keys(own.value.tracked).length > 0),
      instead,
      hidden,
    },
    untouchable: [...own.value.hidden.map(inside), ...own.value.instead.map(({ path }) => inside(path))],
    blobs: [...blobs],
    notices,
  });
}

/** Repositories that are shown besides what the workspace itself holds. `source` is shown at `target`. */
function elsewhere(shown: ShownWorkspace): readonly {
  readonly root: string;
  readonly repository: string;
  readonly source: string;
  readonly target: string;
}[] {
  const mounted = shown.mounts.flatMap((mount) => {
    if (mount.kind !== "ro-bind") return [];
    const repository = basename(mount.source) === "objects" ? dirname(mount.source) : mount.source;
    return [{ root: dirname(repository), repository, source: mount.source, target: mount.target }];
  });
  if (shown.repository === undefined) return mounted;
  const repository = join(shown.repository.root, shown.repository.git);
  return [...mounted, { root: shown.repository.root, repository, source: repository, target: repository }];
}

const FILE = "shown-git.json";

function remember({ dir }: SessionPaths, view: GitView, lower: string): void {
  const relative = (path: string): string => path.slice(lower.length + 1);
  const stores = new Set(view.instead.map(({ path }) => relative(path).replace(/\/objects\/.*$/, "/objects")));
  const tracked = Object.fromEntries(
    Object.entries(view.tracked).map(([index, paths]): [string, readonly string[]] => [relative(index), paths]),
  );
  const shown: ShownGit = { blobs: view.blobs, stores: [...stores], tracked };
  if (view.blobs.length > 0) writeFileSync(join(dir, FILE), JSON.stringify(shown), { mode: 0o600 });
}

/** Takes stand-ins out of the session's layer, and answers which of its files are nothing else. Only after the session's end. */
export async function takeBackGitView(
  { dir, upper }: SessionPaths,
  lower: string,
): Promise<Result<readonly string[], Problem>> {
  let shown: ShownGit;
  try {
    shown = JSON.parse(readFileSync(join(dir, FILE), "utf8"));
  } catch {
    return ok([]); // nothing was masked
  }
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  const user = { uid: uid === 0 ? 1000 : uid, gid: gid === 0 ? 1000 : gid };
  return takeBack(shown, { upper, lower, scratch: dir, user });
}
