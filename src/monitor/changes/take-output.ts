// What a read-only session left, copied to a folder that a person names: judged for that folder, on record, and carried there as any change is:
// whole files, no link out, no set-id, no device, and nothing that stands there already is replaced.
import { lstatSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { appendToLedger } from "#audit";
import { err, ok, type Problem, type Result } from "#core";
import { compileDenies, isGitName, protection } from "#core/paths";
import { type HoldReason, type Judged, judgeChanges } from "#core/review";
import { isInside } from "#core/shell";
import { type ApplyPlaces, applyChanges, finishApply, type Refusal, readChanges } from "#sandbox";
import { outputFolder, sessionPaths } from "../session-folders.ts";
import { markSettled } from "./changes.ts";
import { chooseChanges, NEVER, type Wanted } from "./choose.ts";
import { pastFolder } from "./past-folder.ts";
import { type ApplyResult, type OpenReview, placeOf, type ReviewPlaces, settleReview } from "./review.ts";

/** Copies what is named; without names and `all`, everything that no one has to look at first. */
export async function takeOutput(
  places: ReviewPlaces,
  review: OpenReview,
  wanted: Wanted & { readonly to: string },
): Promise<Result<ApplyResult, Problem>> {
  const { meta } = review;
  if (meta.kind !== "read-only") {
    return err({
      code: "no-output",
      message: `session \`${meta.id}\` has a workspace of its own, so its changes go there`,
      hint: "leave out `--to`; only a read-only session leaves files for a folder",
    });
  }
  const folder = realFolder(wanted.to, places.stateDir);
  if (!folder.ok) return folder;
  const at = outputPlaces(places, meta.id, folder.value);
  finishTake(at);
  const judged = await judgedFor(places, review, at);
  if (!judged.ok) return judged;
  const isAny = !wanted.all && wanted.paths.length === 0;
  const chosen = chooseChanges(
    { meta, changes: judged.value },
    { ...wanted, all: wanted.all || isAny },
    { withFolders: true },
  );
  if (!chosen.ok) return chosen;
  const accepted = chosen.value.filter(({ held }) => held === undefined || !(isAny || isRefused(held.code)));
  const never = chosen.value.filter((entry) => !accepted.includes(entry));
  const recorded = await appendToLedger({ stateDir: places.stateDir }, meta.id, [
    {
      type: "review.apply",
      origin: "observed",
      data: {
        ...{ count: accepted.length, to: folder.value },
        paths: accepted.slice(0, NAMED_MOST).map(({ change }) => change.path),
      },
    },
  ]);
  if (!recorded.ok) return recorded;
  writeFileSync(rootNote(at), folder.value, { mode: 0o600 });
  const done = applyChanges(
    at,
    accepted.map(({ change }) => change),
  );
  rmSync(rootNote(at), { force: true });
  markSettled(placeOf(places, meta), done.applied);
  const refused: readonly Refusal[] = [
    ...done.refused,
    ...never.map(({ change, held }) => ({ path: change.path, code: held?.code ?? "held" })),
  ];
  return ok({ applied: done.applied, refused, notices: [], left: await settleReview(places, meta) });
}

const NAMED_MOST = 300;

/** What stands there already is never replaced, and no link leads out; the rest as for a workspace. */
function isRefused(code: string): boolean {
  return code === "host-moved" || code === "link-out" || NEVER.has(code);
}

async function judgedFor(
  places: ReviewPlaces,
  { meta, changes }: OpenReview,
  at: ApplyPlaces,
): Promise<Result<readonly Judged[], Problem>> {
  const read = await readChanges({ helper: places.helper, upper: at.upper, lower: at.root, masked: [] });
  if (!read.ok) return read;
  // Only what still waits; and whatever the agent made of its folder, this adds.
  const waiting = new Set(changes.map(({ change }) => change.path));
  const set = read.value.changes
    .filter(({ path, kind }) => kind !== "delete" && waiting.has(path))
    .map((change) => (change.kind === "add" ? change : { ...change, differs: true }));
  const judged = judgeChanges(
    { ...read.value, changes: set },
    {
      ...{ root: at.root, startedMs: Number.MAX_SAFE_INTEGER, alsoProtected: meta.gate.alsoProtected },
      denied: compileDenies([], { root: at.root, home: places.home }),
    },
  );
  return ok(
    judged.map((entry) => {
      const held = entry.change.differs === true ? STANDS : (entry.held ?? wholeName(at.root, entry.change.path));
      return held === undefined ? entry : { ...entry, held };
    }),
  );
}

/** A name may only be protected together with those above the folder: `workflows/ci.yml` in `.github`. */
function wholeName(root: string, path: string): HoldReason | undefined {
  const found = protection(join(root, path));
  return found === undefined || found.inDependencies ? undefined : { code: "protected-path", why: found.why };
}

const STANDS = { code: "host-moved", why: "something else of this name stands there" } as const;

/** Finishes what was cut off, in the folder that it was for. */
function finishTake(at: ApplyPlaces): void {
  let root: string;
  try {
    root = readFileSync(rootNote(at), "utf8");
  } catch {
    return; // nothing was
  }
  finishApply({ ...at, root });
  rmSync(rootNote(at), { force: true });
}

function rootNote({ journal }: ApplyPlaces): string {
  return `${journal}.root`;
}

function outputPlaces({ stateDir }: ReviewPlaces, id: string, root: string): ApplyPlaces {
  const paths = sessionPaths(stateDir, id);
  return {
    ...{ root, upper: outputFolder(paths), journal: join(paths.dir, "take.json") },
    ...{ stage: join(paths.dir, "stage"), past: join(pastFolder(stateDir, id), "taken") },
  };
}

function realFolder(to: string, stateDir: string): Result<string, Problem> {
  const refused = (what: string): Result<string, Problem> =>
    err({ code: "folder-refused", message: `\`${to}\` ${what}`, hint: "name a folder of yours that is there" });
  let real: string;
  try {
    real = realpathSync(to);
  } catch {
    return refused("is not there");
  }
  if (!lstatSync(real).isDirectory()) return refused("is no folder");
  if (isInside(stateDir, real) || isInside(real, stateDir)) return refused("holds Ringfence's own state");
  // Names are judged with those above them (`wholeName`); of git's own, one alone says nothing, and in a protected place none is harmless.
  if (real.split("/").some(isGitName)) return refused("belongs to git alone");
  const found = protection(join(real, "file"));
  if (found !== undefined && !found.inDependencies) return refused(`is a protected place: ${found.why}`);
  return ok(real);
}
