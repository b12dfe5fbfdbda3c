// What a session leaves on this machine, looked for everywhere: processes, mounts, cgroups, sockets, folders, names in the workspace.
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { processesOf } from "./lifecycle-session.ts";

/** Where to look. */
export interface LitterPlaces {
  readonly state: string;
  readonly workspace: string;
  /** What the workspace may hold. */
  readonly expected: readonly string[];
}

/** Everything that names the session or is none of the workspace's, in words; empty when nothing is left. */
export function litterOf(session: string, places: LitterPlaces): readonly string[] {
  return [
    ...processesOf(session).map((pid) => `process ${pid}`),
    ...mounts(session),
    ...groups("/sys/fs/cgroup", session, 3),
    ...stateFiles(join(places.state, "ringfence"), session),
    ...readdirSync(places.workspace)
      .filter((name) => !places.expected.includes(name))
      .map((name) => `in the workspace: ${name}`),
  ];
}

function mounts(session: string): readonly string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.filter((line) => line.includes(session)).map((line) => `mount ${line}`);
}

function groups(folder: string, session: string, depth: number): readonly string[] {
  return list(folder).flatMap((name) => {
    const path = join(folder, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
    if (name.includes(session)) return [`cgroup ${path}`];
    return depth > 0 ? groups(path, session, depth - 1) : [];
  });
}

// Of a session that waits for review: its metadata, its changes and what is known of them. Its log and its past outlive it.
const KEPT = /^(?:meta\.json|upper|mask|settled\.jsonl|left\.jsonl|journal\.json|stage)$/;

function stateFiles(state: string, session: string): readonly string[] {
  const own = list(join(state, "sessions", session)).filter((name) => !KEPT.test(name));
  const reserve = list(join(state, "log/reserve")).filter((name) => name === session);
  const half = list(join(state, "snapshots", session)).filter((name) => name.startsWith("."));
  return [...own.map((name) => `sessions/${name}`), ...reserve.map((name) => `log/reserve/${name}`), ...half];
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
