// bubblewrap's arguments for a plan (reference: bwrap(1)). Pure, golden-tested. Bubblewrap makes the namespaces and binds
// what the plan names; the helper, which it starts as the first process, finishes the fence (native/outer.c).
import { type LayoutStep, layoutSteps, STAGING } from "./layout.ts";
import type { SandboxPlan } from "./plan.ts";

/** Everything after `bwrap`, the helper's command included. Hostile text in paths is harmless: no argument is parsed twice. */
export function bwrapArguments(plan: SandboxPlan, helper: string): readonly string[] {
  return [
    ...namespaces(plan.hostname),
    ...layoutSteps(plan).flatMap(stepArguments),
    ...["--ro-bind", helper, `${STAGING}/helper`],
    ...["--", `${STAGING}/helper`, "fence"],
  ];
}

function namespaces(hostname: string): readonly string[] {
  return [
    ...["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup"],
    ...["--die-with-parent", "--as-pid-1"],
    // Root of the fence's own user namespace, for the helper alone; the command becomes an ordinary user further in.
    ...["--uid", "0", "--gid", "0", "--cap-add", "ALL"],
    ...["--clearenv", "--hostname", hostname, "--chdir", "/"],
  ];
}

function stepArguments(step: LayoutStep): readonly string[] {
  switch (step.kind) {
    case "ro-bind":
    case "bind":
      return [`--${step.kind}`, step.source, step.target];
    // Not `--dev`: it would bind the person's terminal as /dev/console, and with a user other than 0 nest a user namespace.
    case "device":
      return ["--dev-bind", step.source, step.target];
    case "dir":
      return [...(step.mode === undefined ? [] : ["--perms", octal(step.mode)]), "--dir", step.target];
    case "tmpfs":
      return [...(step.sizeBytes === undefined ? [] : ["--size", String(step.sizeBytes)]), "--tmpfs", step.target];
    case "symlink":
      return ["--symlink", step.to, step.target];
    case "proc":
      return ["--proc", step.target];
    default:
      return step satisfies never;
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
