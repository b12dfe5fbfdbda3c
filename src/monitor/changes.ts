// A session's changes, judged and carried out: the same way at its end and later by `review`, `apply` and `discard`.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ok, type Problem, type Result } from "#core";
import { compileDenies } from "#core/paths";
import { type HoldReason, type Judged, judgeChanges } from "#core/review";
import { toolchainFolders } from "#core/sandbox";
import { type Applied, type ApplyPlaces, applyChanges, finishApply, readChanges } from "#sandbox";
import { type PastMeta, pastFolder, writePastMeta } from "./past-folder.ts";
import { type SessionMeta, sessionPaths } from "./sessions.ts";

/** Where a session's changes are, and what judges them. */
export interface ChangesPlace {
  readonly stateDir: string;
  readonly helper: string;
  readonly home: string;
  readonly meta: PastMeta & Pick<SessionMeta, "startedMs" | "masked" | "gate">;
}

/** Reads and judges everything the session would still change. An apply that was cut off is finished first. */
export async function readJudged(place: ChangesPlace): Promise<Result<readonly Judged[], Problem>> {
  const { meta } = place;
  const { upper } = sessionPaths(place.stateDir, meta.id);
  finishApply(applyPlaces(place));
  const read = await readChanges({
    helper: place.helper,
    upper,
    lower: meta.workspace,
    masked: meta.masked,
    toolchains: toolchainFolders(place.home),
  });
  if (!read.ok) return read;
  const { denied, alsoProtected, holdAll } = meta.gate;
  // What came back once is the host's own from then on: later edits there are not undone by an older copy here.
  const settled = readSettled(place);
  const changes = read.value.changes.filter(({ path }) => !settled.has(path));
  return ok(
    judgeChanges(
      { ...read.value, changes },
      {
        root: meta.workspace,
        startedMs: meta.startedMs,
        denied: compileDenies(denied, { root: meta.workspace, home: place.home }),
        alsoProtected,
        ...(holdAll === undefined ? {} : { holdAll: holdReason(holdAll) }),
      },
    ),
  );
}

/** Carries out what was accepted, and remembers it. */
export function applyJudged(place: ChangesPlace, accepted: readonly Judged[]): Applied {
  if (accepted.length > 0) writePastMeta(place.stateDir, place.meta);
  const done = applyChanges(
    applyPlaces(place),
    accepted.map(({ change }) => change),
  );
  markSettled(place, done.applied);
  return done;
}

/** Nothing of these paths waits any more: they came back, or the host's settings and the session's agree. */
export function markSettled(place: ChangesPlace, paths: readonly string[]): void {
  if (paths.length > 0)
    appendFileSync(settledFile(place), `${paths.map((path) => JSON.stringify(path)).join("\n")}\n`, { mode: 0o600 });
}

function readSettled(place: ChangesPlace): ReadonlySet<string> {
  const file = settledFile(place);
  if (!existsSync(file)) return new Set();
  const lines = readFileSync(file, "utf8").split("\n");
  return new Set(lines.filter((line) => line.endsWith('"')).map((line): string => JSON.parse(line)));
}

function settledFile({ stateDir, meta }: ChangesPlace): string {
  return join(sessionPaths(stateDir, meta.id).dir, "settled.jsonl");
}

function applyPlaces({ stateDir, meta }: ChangesPlace): ApplyPlaces {
  const { dir, upper } = sessionPaths(stateDir, meta.id);
  return {
    ...{ root: meta.workspace, upper, journal: join(dir, "journal.json"), stage: join(dir, "stage") },
    past: pastFolder(stateDir, meta.id),
  };
}

function holdReason(word: string): HoldReason {
  if (word === "asked") return { code: "asked", why: "`apply: ask` holds everything for you" };
  return { code: word as `stopped-by-${string}`, why: "the session was stopped, so its work may be half done" };
}
