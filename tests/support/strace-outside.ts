// strace around a whole fence, from the host: it stands at the fence's first process before anything of the command exists and follows every
// fork, across the fence's namespaces.
import { type ChildProcess, spawn } from "node:child_process";
import { helpersBelow, tracerOf, until } from "./fence-processes.ts";
import { SEEN } from "./strace-log.ts";

/** Attaches to the fence that this process is making and that has no command yet; `file` is whole when the process returned has ended. */
export async function traceFence(file: string): Promise<ChildProcess> {
  const first = (): number | undefined => helpersBelow(process.pid)[0];
  await until(() => first() !== undefined);
  const pid = first() ?? 0;
  const options = ["-f", "-y", "--decode-pids=pidns", "-s", "100000", "-qq", "-o", file, "-e", `trace=${SEEN}`];
  const tracer = spawn("strace", [...options, "-p", String(pid)], { stdio: "inherit" });
  await until(() => tracerOf(pid) === tracer.pid);
  return tracer;
}

/**
 * strace's file as one made inside would say it: each process by its number there, which the call that made it returned, and only from the first
 * exec of it or of one above it. What comes before is the helper at work on the fence.
 */
export function asInside(file: string): string {
  const lines = file.split("\n");
  const inside = new Map<string, string>();
  const parents = new Map<string, string>();
  for (const line of lines) {
    const made = /^(\d+) .* = (\d+) \/\* (\d+) in strace's PID NS \*\/$/.exec(line);
    if (made === null || !/^\d+ +(?:clone3?|v?fork)\(|^\d+ +<\.\.\. (?:clone3?|v?fork) resumed>/.test(line)) continue;
    const [, parent = "", number = "", child = ""] = made;
    inside.set(child, number);
    parents.set(child, parent);
  }
  const begun = new Set<string>();
  const hasBegun = (pid: string): boolean => {
    const parent = parents.get(pid);
    return begun.has(pid) || (parent !== undefined && hasBegun(parent));
  };
  return lines
    .flatMap((line) => {
      const pid = /^\d+/.exec(line)?.[0] ?? "";
      if (/^\d+ +execve\(/.test(line)) begun.add(pid);
      if (!hasBegun(pid)) return [];
      return [line.replace(/^\d+/, inside.get(pid) ?? pid).replace(/ \/\* \d+ in strace's PID NS \*\//g, "")];
    })
    .join("\n");
}
