// Processes of a session that is over: what a killed supervisor may leave when the kernel's own chain of deaths was cut. Found by what only a session's
// processes are, with everything below them; ended by number, after another look that the number is still theirs. Somebody who reads a session's folder
// names it too, so a name alone is no mark.
import { readdirSync, readFileSync } from "node:fs";

/** One process, as it was found. */
export interface Straggler {
  readonly pid: number;
  /** Tells it from another process that was given its number since (proc(5), field 22). */
  readonly startTicks: string;
  /** The mark it carries, or that one above it carries. */
  readonly mark: string;
}

interface Seen {
  readonly pid: number;
  readonly parent: number;
  readonly startTicks: string;
  readonly mark: string | undefined;
}

/** What marks the processes of one session. */
export interface SessionMarks {
  /** In the command line of its bubblewrap, or of the helper that becomes it. */
  readonly folder: string;
  /** In the environment of what runs two pid namespaces further in. */
  readonly variable: string;
}

/** This user's processes of those sessions, and their descendants. Never this process, and never one whose supervisor stands above it. */
export function findStragglers(sessions: readonly SessionMarks[]): readonly Straggler[] {
  if (sessions.length === 0) return [];
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (look(Number(name), sessions) ?? []) : []));
  const marked = new Map(all.flatMap((one) => (one.mark === undefined ? [] : [[one.pid, one.mark] as const])));
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parent } of all) {
      const mark = marked.get(parent);
      if (mark === undefined || marked.has(pid)) continue;
      marked.set(pid, mark);
      grown = true;
    }
  }
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  return all.flatMap(({ pid, startTicks }) => {
    const mark = marked.get(pid);
    return mark === undefined || pid === process.pid || isSupervised(pid, parents) ? [] : [{ pid, startTicks, mark }];
  });
}

/** True below a supervisor that lives, though not where its number can be told (a state folder that a container shares): those are no stragglers. */
function isSupervised(pid: number, parents: ReadonlyMap<number, number>): boolean {
  for (let above = parents.get(pid); above !== undefined && above > 1; above = parents.get(above)) {
    const [program = "", ...words] = read(`/proc/${above}/cmdline`).split("\0");
    if (/(?:^|\/)node$/.test(program) && words.some((word) => /ringfence|\/scripts\/start\.cjs$/.test(word)))
      return true;
  }
  return false;
}

/** Ends them at once. */
export function endStragglers(found: readonly Straggler[]): void {
  for (const { pid, startTicks } of found) {
    if (statOf(pid)?.startTicks !== startTicks) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has ended meanwhile
    }
  }
}

function look(pid: number, sessions: readonly SessionMarks[]): Seen | undefined {
  const stat = statOf(pid);
  return stat === undefined ? undefined : { pid, ...stat, mark: markOf(pid, sessions) };
}

const FENCE_MAKERS = /(?:^|\/)(?:bwrap|ringfence-helper)$/;

function markOf(pid: number, sessions: readonly SessionMarks[]): string | undefined {
  const status = read(`/proc/${pid}/status`);
  if (Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]) !== process.getuid?.()) return undefined;
  const words = read(`/proc/${pid}/cmdline`).split("\0");
  if (FENCE_MAKERS.test(words[0] ?? "")) {
    return sessions.find(({ folder }) => words.some((word) => word.startsWith(folder)))?.folder;
  }
  if (depthOf(status) < depthOf(read("/proc/self/status")) + 2) return undefined;
  const variables = read(`/proc/${pid}/environ`).split("\0");
  return sessions.find(({ variable }) => variables.includes(variable))?.folder;
}

function depthOf(status: string): number {
  return (/^NSpid:\s+(.*)$/m.exec(status)?.[1] ?? "").split(/\s+/).length;
}

function statOf(pid: number): { readonly parent: number; readonly startTicks: string } | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent] = fields;
  return stat === "" || state === "Z" || state === "X"
    ? undefined
    : { parent: Number(parent), startTicks: fields[19] ?? "" };
}

function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // ended, or somebody else's
  }
}
