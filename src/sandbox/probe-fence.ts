// The last word of `doctor`: a whole fence, made by the same `launch` as a run, around a command that looks at its own walls.
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SandboxPlan } from "#core/sandbox";
import { launch } from "./launch.ts";
import { explainRefusal, type Probe } from "./probe.ts";
import { systemFolder } from "./system-folder.ts";
import { findBubblewrap, removeTrialFolder } from "./trial.ts";

// Every line must hold; the first that does not is said on standard error.
const LOOK = `fail() { echo "$1" >&2; exit 1; }
[ "$(id -u)" -ne 0 ] || fail 'the command is root inside'
status=$(cat /proc/self/status)
case $status in *'CapEff:	0000000000000000'*) ;; *) fail 'the command has capabilities' ;; esac
case $status in *'CapBnd:	0000000000000000'*) ;; *) fail 'the command can get capabilities' ;; esac
case $status in *'NoNewPrivs:	1'*) ;; *) fail 'the command can get new privileges' ;; esac
case $status in *'Seccomp:	2'*) ;; *) fail 'no seccomp filter is loaded' ;; esac
[ ! -w /proc/sys/kernel/hostname ] || fail '/proc/sys can be written'
(: >/usr/ringfence-probe) 2>/dev/null && fail '/usr can be written'
echo changed >seen && [ "$(cat seen)" = changed ] || fail 'the workspace cannot be written'
exit 0`;

/** Makes a fence with an overlay workspace below `stateDir` and runs a command in it that checks what it can and cannot do. */
export async function probeFence(places: { readonly stateDir: string; readonly helper: string }): Promise<Probe> {
  const name = "whole fence";
  const bwrap = findBubblewrap();
  if (bwrap === undefined) return { name, available: false, reason: "not tried: bubblewrap is missing", evidence: "" };
  let folder: string | undefined;
  const open: number[] = [];
  try {
    mkdirSync(places.stateDir, { recursive: true, mode: 0o700 });
    folder = mkdtempSync(join(places.stateDir, "probe-"));
    for (const part of ["workspace", "upper", "work", "mask"]) mkdirSync(join(folder, part));
    const said = join(folder, "said");
    const stdin = openSync("/dev/null", "r");
    const output = openSync(said, "w");
    open.push(stdin, output);
    const stdio = { stdin, stdout: output, stderr: output };
    const fence = await launch(trialPlan(folder), {
      helper: places.helper,
      bwrap,
      stdio,
      cgroups: [],
      mayRun: Promise.resolve(),
    });
    if (!fence.ok)
      return { name, available: false, evidence: fence.error.message, ...explainRefusal(fence.error.message) };
    const { code } = await fence.value.exited;
    const complaint = readFileSync(said, "utf8").trim().split("\n").at(-1) ?? "";
    if (code !== 0)
      return {
        name,
        available: false,
        reason: complaint || `the command ended with ${code}`,
        evidence: `exit ${code}: ${complaint}`,
      };
    if (readFileSync(join(folder, "upper/seen"), "utf8") !== "changed\n")
      return { name, available: false, reason: "a change did not reach the overlay", evidence: "" };
    return {
      name,
      available: true,
      reason: "a command ran in it: no root, no capability, filtered, its change kept apart",
      evidence: "launch(), exit 0",
    };
  } catch (error) {
    return { name, available: false, reason: String(error), evidence: String(error) };
  } finally {
    for (const descriptor of open) closeSync(descriptor);
    if (folder !== undefined) removeTrialFolder(folder);
  }
}

/** A small plan with an overlay workspace in `folder`, for trials: the command stands for itself. */
export function trialPlan(folder: string): SandboxPlan {
  const root = join(folder, "workspace");
  const own = process.getuid?.() ?? 0;
  return {
    mounts: [
      { kind: "ro-bind", source: "/usr", target: "/usr" },
      ...["/bin", "/sbin", "/lib", "/lib64"].flatMap(systemFolder),
      { kind: "tmpfs", target: "/tmp", sizeBytes: 2 ** 20 },
    ],
    workspace: {
      kind: "overlay",
      root,
      upper: join(folder, "upper"),
      work: join(folder, "work"),
      mask: join(folder, "mask"),
    },
    writable: [root, "/tmp"],
    masked: [],
    cwd: root,
    argv: ["/bin/sh", "-c", LOOK],
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    uid: own === 0 ? 1000 : own,
    gid: own === 0 ? 1000 : (process.getgid?.() ?? own),
    hostname: "ringfence",
    ports: [],
    streams: { stdinTty: false, stdoutTty: false, stderrTty: false },
    limits: { pids: 64, fileSizeBytes: 2 ** 20, watchMemoryBytes: 0, openFiles: 1024, processors: 0 },
  };
}
