// Cleans up what sessions leave (I16): their own folders at the end, and those of killed sessions at the next start.
import { execFile } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { listSessions, type SessionPaths, sessionPaths, writeMeta } from "./sessions.ts";

/** Removes a session's folders. What the agent filled is removed by the helper: no depth, mode or link can confuse it. */
export async function removeSessionFolders(
  paths: SessionPaths,
  helper: string,
  keep: { readonly keepChanges?: boolean } = {},
): Promise<void> {
  const gone = keep.keepChanges === true ? [paths.home, paths.tmp, paths.work] : [paths.dir];
  const remove = (folder: string): Promise<unknown> => promisify(execFile)(helper, ["remove", folder], { env: {} });
  await Promise.all(gone.filter((folder) => existsSync(folder)).map(remove));
  if (keep.keepChanges === true) {
    for (const socket of ["proxy.sock", "ports.sock"]) rmSync(join(paths.dir, socket), { force: true });
  }
}

/** A folder without metadata belongs to a start that was killed, or to one of this very moment: only old ones go. */
const UNNAMED_MS = 10 * 60_000;

/** Sessions whose supervisor was killed: their changes stay for `review`, everything else goes. */
export async function sweepSessions(stateDir: string, helper: string): Promise<void> {
  for (const meta of listSessions(stateDir)) {
    if (meta.state !== "killed") continue;
    const paths = sessionPaths(stateDir, meta.id);
    if (!existsSync(paths.home)) continue; // swept before
    await removeSessionFolders(paths, helper, { keepChanges: meta.kind === "overlay" });
    if (meta.kind === "overlay") writeMeta(stateDir, meta);
  }
  for (const id of list(join(stateDir, "sessions"))) {
    const paths = sessionPaths(stateDir, id);
    const isNamed = existsSync(paths.meta) || !existsSync(paths.dir);
    if (!isNamed && Date.now() - statSync(paths.dir).mtimeMs > UNNAMED_MS) await removeSessionFolders(paths, helper);
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no session yet
  }
}
