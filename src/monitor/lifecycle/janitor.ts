// What killed sessions left, found and removed: at the start of each session, and by `ringfence sessions clean` (I16). A living session's things are
// never touched: whose supervisor runs is known by its process number and start time.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endStragglers, findStragglers, removeGroup, type Straggler, staleGroups } from "#sandbox";
import { prunePasts } from "../changes/past-folder.ts";
import { namesIn } from "../folder-names.ts";
import { removeFolder } from "../remove-folder.ts";
import { sessionPaths } from "../session-folders.ts";
import { isAlive, isStarting, listSessions, type SessionMeta, sessionIds } from "../sessions.ts";
import { staleSetups } from "../setup/setup-store.ts";
import { isMaking, leftOf, sweepSessions, unnamed } from "../sweep.ts";
import { listSnapshots, removeSnapshot, type SnapshotPlaces, snapshotsOf } from "./snapshots.ts";

/** One thing that is left. */
export type Litter =
  | { readonly kind: "process"; readonly name: string; readonly process: Straggler }
  | { readonly kind: "cgroup" | "folder" | "file" | "setup"; readonly name: string }
  | { readonly kind: "snapshot"; readonly name: string; readonly half: boolean };

/** What else is too old. */
export interface Retention {
  /** Snapshots that were taken before, in milliseconds since 1970. */
  readonly snapshotsBefore?: number;
}

/** Everything that is left. Reads only. */
export function findLitter(places: SnapshotPlaces, retention: Retention = {}): readonly Litter[] {
  const { stateDir } = places;
  const killed = listSessions(stateDir).filter(({ state }) => state === "killed");
  const marks = killed.map(({ id }) => ({
    folder: join(stateDir, "sessions", id, "/"),
    variable: `RINGFENCE_SESSION=${id}`,
  }));
  return [
    ...findStragglers(marks).map(
      (process): Litter => ({ kind: "process", name: `${process.pid} (${sessionOf(process.mark)})`, process }),
    ),
    ...groupsOf(killed).map((name): Litter => ({ kind: "cgroup", name })),
    ...listSessions(stateDir)
      .flatMap((meta) => leftOf(stateDir, meta))
      .map((name): Litter => ({ kind: "folder", name })),
    ...unnamed(stateDir).map((name): Litter => ({ kind: "folder", name })),
    ...reserves(stateDir).map((name): Litter => ({ kind: "file", name })),
    ...snapshotLitter(stateDir, retention),
    ...staleSetups(stateDir, Date.now()).map((name): Litter => ({ kind: "setup", name })),
  ];
}

/** Removes it. Answers what is still there, and why. */
export async function cleanUp(
  places: SnapshotPlaces,
  litter: readonly Litter[],
): Promise<readonly { readonly name: string; readonly why: string }[]> {
  const left: { name: string; why: string }[] = [];
  const tried = async (name: string, act: () => unknown): Promise<void> => {
    try {
      await act();
    } catch (error) {
      left.push({ name, why: (error as Error).message });
    }
  };
  // First who could still write.
  const processes = litter.flatMap((one) => (one.kind === "process" ? [one.process] : []));
  endStragglers(processes);
  if (processes.length > 0) await sleep(SETTLE_MS);
  for (const one of litter) {
    if (one.kind === "cgroup") await tried(one.name, () => removeWhole(one.name));
    if (one.kind === "file") await tried(one.name, () => rmSync(one.name, { force: true }));
    if (one.kind === "setup") await tried(one.name, () => removeFolder(one.name, places.helper));
    if (one.kind === "snapshot")
      await tried(one.name, () => (one.half ? removeFolder(one.name, places.helper) : removeNamed(places, one.name)));
  }
  await tried(join(places.stateDir, "sessions"), () => sweepSessions(places.stateDir, places.helper));
  await tried(join(places.stateDir, "undo"), () => prunePasts(places.stateDir, places.helper));
  return left;
}

function removeWhole(group: string): void {
  removeGroup(group);
  if (existsSync(group)) throw new Error("somebody is still in it");
}

/** Both, before a session starts. What cannot be removed does not keep it from starting: `sessions clean` says it. */
export async function tidyUp(places: SnapshotPlaces): Promise<void> {
  await cleanUp(places, findLitter(places));
}

/** A killed process is gone after this long, or stuck in the kernel. */
const SETTLE_MS = 50;

function sessionOf(mark: string): string {
  return /\d{8}-\d{6}-[0-9a-f]{6}/.exec(mark)?.[0] ?? "";
}

/** Groups that a killed session noted, wherever they are, and those beside our own whose supervisor is gone. */
function groupsOf(killed: readonly SessionMeta[]): readonly string[] {
  const noted = killed.flatMap(({ groups }) => groups ?? []).filter((group) => existsSync(group));
  return [...new Set([...noted, ...staleGroups()])];
}

/** Room kept for a log's last words, of sessions that have none to say any more. */
function reserves(stateDir: string): readonly string[] {
  const folder = join(stateDir, "log", "reserve");
  const living = new Set(
    listSessions(stateDir).flatMap(({ id, state, supervisor }) =>
      state === "running" && isAlive(supervisor) ? [id] : [],
    ),
  );
  const starting = new Set(
    sessionIds(stateDir).filter((id) => {
      const paths = sessionPaths(stateDir, id);
      return !existsSync(paths.meta) && isStarting(paths);
    }),
  );
  return namesIn(folder)
    .filter((id) => ID.test(id) && !living.has(id) && !starting.has(id))
    .map((id) => join(folder, id));
}

const ID = /^\d{8}-\d{6}-[0-9a-f]{6}$/;

function snapshotLitter(stateDir: string, { snapshotsBefore }: Retention): readonly Litter[] {
  const half = namesIn(join(stateDir, "snapshots")).flatMap((session) => {
    const folder = snapshotsOf(stateDir, session);
    return namesIn(folder)
      .filter((name) => name.startsWith(".") && !isMaking(name))
      .map((name): Litter => ({ kind: "snapshot", name: join(folder, name), half: true }));
  });
  const old =
    snapshotsBefore === undefined
      ? []
      : listSnapshots(stateDir).filter(({ takenAt }) => Date.parse(takenAt) < snapshotsBefore);
  return [
    ...half,
    ...old.map(({ session, name }): Litter => ({ kind: "snapshot", name: `${session}/${name}`, half: false })),
  ];
}

async function removeNamed(places: SnapshotPlaces, name: string): Promise<void> {
  const found = listSnapshots(places.stateDir).find((one) => `${one.session}/${one.name}` === name);
  if (found !== undefined) await removeSnapshot(places, found);
}
