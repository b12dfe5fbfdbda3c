// Cleans up what sessions leave (I16): their own folders at the end, and those of killed sessions at the next start.
import { execFile } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { promisify } from "node:util";
import { listSessions, type SessionPaths, sessionPaths, writeMeta } from "./sessions.ts";

/** Removes a session's folders. What the agent filled is removed by the helper: no depth, mode or link can confuse it. */
export async function removeSessionFolders(
  paths: SessionPaths,
  helper: string,
  keep: { readonly keepChanges?: boolean } = {},
): Promise<void> {
  const own =
    keep.keepChanges === true
      ? [paths.home, paths.tmp, paths.work]
      : [paths.home, paths.tmp, paths.work, paths.mask, paths.upper];
  for (const folder of own) if (existsSync(folder)) await promisify(execFile)(helper, ["remove", folder], { env: {} });
  for (const socket of ["proxy.sock", "ports.sock"]) rmSync(`${paths.dir}/${socket}`, { force: true });
  if (keep.keepChanges !== true) rmSync(paths.dir, { recursive: true, force: true });
}

/** Sessions whose supervisor was killed: their changes stay for `review`, everything else goes. */
export async function sweepSessions(stateDir: string, helper: string): Promise<void> {
  for (const meta of listSessions(stateDir)) {
    if (meta.state !== "killed") continue;
    const paths = sessionPaths(stateDir, meta.id);
    await removeSessionFolders(paths, helper, { keepChanges: meta.kind === "overlay" });
    if (meta.kind === "overlay") writeMeta(stateDir, meta);
  }
}
