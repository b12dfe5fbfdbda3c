// From a snapshot back: into the session it was taken of, once that is over, so that its changes wait for review again; or into a new one, which
// starts where the snapshot was taken.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { appendToLedger } from "#audit";
import { err, ok, type Problem, type Result } from "#core";
import { readJudged } from "../changes/changes.ts";
import { removeFolder } from "../remove-folder.ts";
import type { RunRequest } from "../request.ts";
import { restoreFolder, type SessionPaths, sessionPaths } from "../session-folders.ts";
import {
  isAlive,
  isRestoring,
  readMeta,
  type SessionMeta,
  startingFile,
  thisSupervisor,
  writeMeta,
} from "../sessions.ts";
import { copyParts, readSnapshot, type SnapshotMeta, type SnapshotPlaces, snapshotsOf } from "./snapshots.ts";

/** Names one snapshot. */
interface SnapshotName {
  readonly session: string;
  readonly name: string;
}

/** `SESSION/NAME` as it is typed. */
function parseSnapshotName(text: string): SnapshotName | undefined {
  const [, session, name] = /^([\w.-]+)\/([\w.-]+)$/.exec(text) ?? [];
  return session === undefined || name === undefined ? undefined : { session, name };
}

/** The snapshot of that name, or why there is none. */
export function findSnapshot(stateDir: string, { session, name }: SnapshotName): Result<SnapshotMeta, Problem> {
  const found = readSnapshot(stateDir, session, name);
  if (found !== undefined) return ok(found);
  const message = `session \`${session}\` has no snapshot \`${name}\``;
  return err({ code: "snapshot-unknown", message, hint: "`ringfence sessions snapshots` lists them" });
}

/** Fills the folders of a new session, which are there and empty, where the run asks for it. Answers the snapshot. */
export async function startFromNamed(
  request: Pick<RunRequest, "stateDir" | "installation" | "from">,
  into: { readonly paths: SessionPaths; readonly workspace: string; readonly kind: string },
): Promise<Result<SnapshotMeta | undefined, Problem>> {
  if (request.from === undefined) return ok(undefined);
  const name = parseSnapshotName(request.from);
  if (name === undefined) {
    const message = `\`${request.from}\` names no snapshot`;
    return err({ code: "snapshot-name", message, hint: "SESSION/NAME, as `ringfence sessions snapshots` lists them" });
  }
  const { stateDir, installation } = request;
  const found = findSnapshot(stateDir, name);
  if (!found.ok) return found;
  const filled = await startFrom({ stateDir, helper: installation.helper }, found.value, into);
  return filled.ok ? found : filled;
}

/** The workspace must be the one that it was taken of. */
async function startFrom(
  places: SnapshotPlaces,
  snapshot: SnapshotMeta,
  into: { readonly paths: SessionPaths; readonly workspace: string; readonly kind: string },
): Promise<Result<undefined, Problem>> {
  if (into.workspace !== snapshot.of.workspace)
    return err({
      code: "snapshot-elsewhere",
      message: `the snapshot is one of \`${snapshot.of.workspace}\`, and this is \`${into.workspace}\``,
      hint: `cd ${snapshot.of.workspace}`,
    });
  if (into.kind !== "overlay")
    return err({
      code: "snapshot-kind",
      message: `a snapshot is continued in an overlay workspace, and this one is \`${into.kind}\``,
      hint: "leave `--workspace` out",
    });
  for (const part of Object.keys(snapshot.parts) as (keyof SnapshotMeta["parts"])[])
    await removeFolder(into.paths[part], places.helper);
  return fill(places, snapshot, (part) => into.paths[part]);
}

/** Puts the changes back into their own session, which must be over. They wait for review then. */
export async function restoreSnapshot(
  places: SnapshotPlaces & { readonly home: string },
  snapshot: SnapshotMeta,
): Promise<Result<{ readonly held: number }, Problem>> {
  const { stateDir, helper } = places;
  const paths = sessionPaths(stateDir, snapshot.session);
  const meta = readMeta(stateDir, snapshot.session);
  if (meta?.state === "running" && isAlive(meta.supervisor))
    return err({
      code: "session-running",
      message: `session \`${snapshot.session}\` still runs`,
      hint: `end it first (\`ringfence sessions stop ${snapshot.session}\`), or start another one: \`ringfence run --from ${snapshot.session}/${snapshot.name} -- …\``,
    });
  if (isRestoring(paths))
    return err({
      code: "session-restoring",
      message: `a snapshot is being put back into session \`${snapshot.session}\``,
    });
  const recorded = await appendToLedger({ stateDir }, snapshot.session, [
    {
      type: "lifecycle.restore",
      origin: "observed",
      data: { snapshot: snapshot.name, digests: { ...snapshot.parts } },
    },
  ]);
  if (!recorded.ok) return recorded;
  const half = restoreFolder(paths);
  try {
    mkdirSync(paths.dir, { recursive: true, mode: 0o700 });
    writeFileSync(startingFile(paths), JSON.stringify(thisSupervisor()), { mode: 0o600 });
    if (existsSync(half)) await removeFolder(half, helper);
    mkdirSync(half, { mode: 0o700 });
    const copied = await fill(places, { ...snapshot, parts: onlyUpper(snapshot) }, (part) => join(half, part));
    if (!copied.ok) return copied;
    // What came back to the host once may differ from it again.
    rmSync(join(paths.dir, "settled.jsonl"), { force: true });
    if (existsSync(paths.upper)) renameSync(paths.upper, join(half, "before"));
    renameSync(join(half, "upper"), paths.upper);
    const restored = metaOfRestored(snapshot);
    writeMeta(stateDir, restored);
    const changes = await readJudged({ stateDir, helper, home: places.home, meta: restored });
    // What cannot be compared with the host now waits all the same.
    const held = changes.ok ? changes.value.length : 1;
    writeMeta(stateDir, { ...restored, held });
    return ok({ held });
  } finally {
    if (existsSync(half)) await removeFolder(half, helper);
    rmSync(startingFile(paths), { force: true });
  }
}

function onlyUpper({ parts }: SnapshotMeta): SnapshotMeta["parts"] {
  return parts.upper === undefined ? {} : { upper: parts.upper };
}

function metaOfRestored({ session, of }: SnapshotMeta): SessionMeta {
  return {
    id: session,
    ...of,
    state: "held",
    held: 0,
    endedAt: new Date().toISOString(),
    supervisor: thisSupervisor(),
  };
}

/** Copies every part, and takes none that is not what was kept. */
async function fill(
  { helper, stateDir }: SnapshotPlaces,
  snapshot: SnapshotMeta,
  place: (part: keyof SnapshotMeta["parts"]) => string,
): Promise<Result<undefined, Problem>> {
  const folder = join(snapshotsOf(stateDir, snapshot.session), snapshot.name);
  const from = Object.fromEntries(Object.keys(snapshot.parts).map((part) => [part, join(folder, part)]));
  const copied = await copyParts({ helper, most: Number.MAX_SAFE_INTEGER }, from, place);
  if (!copied.ok) return copied;
  const changed = Object.entries(snapshot.parts).find(
    ([part, digest]) => copied.value.parts[part as "upper"] !== digest,
  );
  if (changed === undefined) return ok(undefined);
  return err({
    code: "snapshot-damaged",
    message: `the snapshot \`${snapshot.name}\` is not what was kept: its ${changed[0]} has another digest`,
    hint: `remove it: \`ringfence sessions snapshots ${snapshot.session} --remove ${snapshot.name}\``,
  });
}
