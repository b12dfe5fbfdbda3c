// Processes of a session that is over: what a killed supervisor may leave when the kernel's own chain of deaths was cut. Found by marks that only a
// session's processes carry, with everything below them; ended by number, after another look that the number is still theirs.
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

/** Processes of this user whose command line or environment holds one of the marks, and their descendants. Never this process. */
export function findStragglers(marks: readonly string[]): readonly Straggler[] {
  if (marks.length === 0) return [];
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (look(Number(name), marks) ?? []) : []));
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
  return all.flatMap(({ pid, startTicks }) => {
    const mark = marked.get(pid);
    return mark === undefined || pid === process.pid ? [] : [{ pid, startTicks, mark }];
  });
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

function look(pid: number, marks: readonly string[]): Seen | undefined {
  const stat = statOf(pid);
  if (stat === undefined) return undefined;
  const said = `${read(`/proc/${pid}/cmdline`)}\0${read(`/proc/${pid}/environ`)}`;
  return { pid, ...stat, mark: marks.find((mark) => said.includes(mark)) };
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
