// The commits of a private copy, made ready once for everybody who asks what the session would still change.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ok, type Problem, type Result } from "#core";
import type { Judged } from "#core/review";
import { makeHandover } from "#sandbox";
import { copyFolder, handoverFolder, sessionPaths } from "../session-folders.ts";
import type { SessionMeta } from "../sessions.ts";

/** Packs and checks them, unless that was done. Only after the session's end. */
export async function ensureHandover(
  stateDir: string,
  { id, copy }: Pick<SessionMeta, "id" | "copy">,
): Promise<Result<undefined, Problem>> {
  const paths = sessionPaths(stateDir, id);
  const layer = handoverFolder(paths);
  if (copy === undefined || existsSync(layer)) return ok(undefined);
  const { root, git } = copy.repository;
  const made = await makeHandover({
    layers: { upper: join(paths.upper, ".git"), base: join(copyFolder(paths), ".git") },
    common: join(root, git),
    ...{ git, base: copy.commit, branch: copy.branch, layer },
    scratch: join(paths.dir, "scratch"),
  });
  return made.ok ? ok(undefined) : made;
}

/** Commits that could not be checked: they wait as one thing, which nobody can apply and a discard throws away. */
export function unverifiedCommits({ copy }: Pick<SessionMeta, "copy">, problem: Problem): readonly Judged[] {
  if (copy === undefined) return [];
  const path = `${copy.repository.git}/refs/heads/${copy.branch}`;
  const after = { type: "file", mode: 0o644, size: 0 } as const;
  return [
    {
      change: { path, kind: "add", after, oddName: false, masked: false },
      held: { code: "git-unverified", why: problem.message },
    },
  ];
}

/** For `discard` of such commits: nothing is handed over any more. */
export function dropHandover(stateDir: string, id: string): void {
  mkdirSync(handoverFolder(sessionPaths(stateDir, id)), { recursive: true });
}
