// A session's changes, judged and carried out: the same way at its end and later by `review`, `apply` and `discard`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ok, type Problem, type Result } from "#core";
import { compileDenies } from "#core/paths";
import { type HoldReason, type Judged, judgeChanges } from "#core/review";
import { mergeGitConfig } from "#review";
import { type Applied, applyChanges, finishApply, readChanges } from "#sandbox";
import { type SessionMeta, sessionPaths } from "./sessions.ts";

/** Where a session's changes are, and what judges them. */
export interface ChangesPlace {
  readonly stateDir: string;
  readonly helper: string;
  readonly home: string;
  readonly meta: Pick<SessionMeta, "id" | "workspace" | "startedMs" | "masked" | "gate">;
}

/** Reads and judges everything the session would still change. An apply that was cut off is finished first. */
export async function readJudged(place: ChangesPlace): Promise<Result<readonly Judged[], Problem>> {
  const { meta } = place;
  const { upper } = sessionPaths(place.stateDir, meta.id);
  finishApply(applyPlaces(place));
  const read = await readChanges({ helper: place.helper, upper, lower: meta.workspace, masked: meta.masked });
  if (!read.ok) return read;
  const { denied, alsoProtected, holdAll } = meta.gate;
  return ok(
    judgeChanges(read.value, {
      root: meta.workspace,
      startedMs: meta.startedMs,
      denied: compileDenies(denied, { root: meta.workspace, home: place.home }),
      alsoProtected,
      ...(holdAll === undefined ? {} : { holdAll: holdReason(holdAll) }),
    }),
  );
}

/** Carries out what was accepted. `.git/config` is merged key by key where its harmless part can be told. */
export function applyJudged(place: ChangesPlace, accepted: readonly Judged[]): Applied {
  return applyChanges(
    applyPlaces(place),
    accepted.map(({ change }) => change),
  );
}

/** The keys of `.git/config` that came back, and those that wait; `undefined` when the session did not touch it. */
export function mergeSettings(
  place: ChangesPlace,
): { readonly merged: readonly string[]; readonly held: readonly string[] } | undefined {
  const inside = join(sessionPaths(place.stateDir, place.meta.id).upper, ".git/config");
  const git = join(place.meta.workspace, ".git");
  if (!existsSync(inside) || !existsSync(git)) return undefined;
  try {
    return mergeGitConfig({ host: join(git, "config"), inside });
  } catch {
    return undefined; // not readable as git settings: the whole file waits like any protected path
  }
}

function applyPlaces({ stateDir, meta }: ChangesPlace): {
  root: string;
  upper: string;
  journal: string;
  stage: string;
} {
  const { dir, upper } = sessionPaths(stateDir, meta.id);
  return { root: meta.workspace, upper, journal: join(dir, "journal.json"), stage: join(dir, "stage") };
}

function holdReason(word: string): HoldReason {
  if (word === "asked") return { code: "asked", why: "`apply: ask` holds everything for you" };
  return { code: word as `stopped-by-${string}`, why: "the session was stopped, so its work may be half done" };
}
