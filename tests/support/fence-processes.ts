// The processes of a running fence, as the host sees them, for tests that stand around it from outside.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The native helper's processes in fences that `ancestor` started, the first of a fence before those it made. */
export function helpersBelow(ancestor: number): readonly number[] {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), Number(fieldOf(Number(name), "PPid"))]),
  );
  const isBelow = (pid: number): boolean => pid === ancestor || (parents.has(pid) && isBelow(parents.get(pid) ?? 0));
  return [...parents.keys()]
    .filter((pid) => isBelow(pid) && commandOf(pid).startsWith("/.ringfence/helper "))
    .sort((a, b) => a - b);
}

/** Who traces a process; 0 for nobody. */
export function tracerOf(pid: number): number {
  return Number(fieldOf(pid, "TracerPid"));
}

/** Waits until something is so, and throws after a minute. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 1200) throw new Error("it did not come to that within a minute");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function fieldOf(pid: number, name: string): string {
  return new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(textOf(pid, "status"))?.[1] ?? "";
}

function commandOf(pid: number): string {
  return textOf(pid, "cmdline").replaceAll("\0", " ");
}

function textOf(pid: number, name: string): string {
  try {
    return readFileSync(join("/proc", String(pid), name), "utf8");
  } catch {
    return ""; // it has gone
  }
}
