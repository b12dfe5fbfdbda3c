// The second layer behind the mounts (native/landlock.h), as records of the helper's program: what the view shows may be read, what the plan says may
// be written. Pure.
import type { Mount, SandboxPlan } from "./plan.ts";

/** One record for each path that is shown or may be written. */
export function landlockRecords(plan: SandboxPlan): readonly (readonly [operation: string, word: string])[] {
  const shown = [...plan.mounts.flatMap(shows), plan.workspace.root];
  return [
    ...[...new Set(shown)].map((path) => ["readable", path] as const),
    ...[...new Set(plan.writable)].map((path) => ["writable", path] as const),
    ...(plan.landlock === undefined ? [] : [["landlock", plan.landlock] as const]),
  ];
}

/** An empty folder and a link hold nothing of their own to read. */
function shows(mount: Mount): readonly string[] {
  return mount.kind === "dir" || mount.kind === "symlink" ? [] : [mount.target];
}
