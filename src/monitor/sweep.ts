// Cleans up what sessions leave (I16): their own folders at the end, and those of killed sessions at the next start.
import { existsSync, lstatSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { finishApply } from "#sandbox";
import { sealPast } from "./changes/direct-past.ts";
import { finishUndos } from "./changes/past-folder.ts";
import { treesOf } from "./changes/trees.ts";
import { namesIn } from "./folder-names.ts";
import { removeFolder } from "./remove-folder.ts";
import { repositoryFolders, restoreFolder, type SessionPaths, sessionPaths } from "./session-folders.ts";
import { isAlive, isRestoring, isStarting, listSessions, type SessionMeta, sessionIds, writeMeta } from "./sessions.ts";
import { setupFolders } from "./setup/setup-folders.ts";

/** Removes a session's folders. What the agent filled is removed by the helper: no depth, mode or link can confuse it. */
export async function removeSessionFolders(
  paths: SessionPaths,
  helper: string,
  keep: { readonly keepChanges?: boolean } = {},
): Promise<void> {
  const gone = keep.keepChanges === true ? leftFolders(paths) : [paths.dir];
  await Promise.all(gone.filter((folder) => existsSync(folder)).map((folder) => removeFolder(folder, helper)));
  if (keep.keepChanges === true) {
    for (const socket of sockets(paths)) rmSync(socket, { force: true });
  }
}

function sockets({ dir, hooks, servers, exec, commands }: SessionPaths): readonly string[] {
  const own = [
    "proxy.sock",
    "setup-proxy.sock",
    "ssh-agent.sock",
    "ssh-setup.sock",
    "ports.sock",
    "starting.json",
    "meta.json.new",
    "journal.json.new",
  ];
  return [...own.map((name) => join(dir, name)), hooks, servers, exec, commands];
}

function leftovers(paths: SessionPaths): readonly string[] {
  return [...leftFolders(paths), ...sockets(paths)];
}

function leftFolders(paths: SessionPaths): readonly string[] {
  const setup = setupFolders(paths);
  const own = [paths.home, paths.tmp, paths.work, setup.home, setup.tmp, setup.said];
  return [...own, repositoryFolders(paths).work, restoreFolder(paths)];
}

/** Sessions whose supervisor was killed: their changes stay for `review`, everything else goes. */
export async function sweepSessions(stateDir: string, helper: string): Promise<void> {
  finishUndos(stateDir, helper);
  for (const meta of listSessions(stateDir)) {
    const paths = sessionPaths(stateDir, meta.id);
    if (isRestoring(paths)) continue;
    undoHalfRestore(paths);
    if (meta.state !== "killed") {
      await removeEnd(stateDir, meta, helper);
      continue;
    }
    sealPast(stateDir, meta, { unseen: true });
    // An apply that was cut off, in the workspace itself: what it began is on record and accepted.
    for (const { places } of treesOf(stateDir, meta)) finishApply(places);
    const isKept = hasChanges(stateDir, meta);
    // A sweep can be killed too, so it is done only when every part is gone.
    if (isKept && !leftovers(paths).some((path) => existsSync(path))) continue;
    await removeSessionFolders(paths, helper, { keepChanges: isKept });
    if (isKept) writeMeta(stateDir, meta);
  }
  for (const folder of unnamed(stateDir)) await removeFolder(folder, helper);
}

/** A restore that was cut off between its two renames: the changes that it would have replaced come back. */
function undoHalfRestore(paths: SessionPaths): void {
  const before = join(restoreFolder(paths), "before");
  if (existsSync(before) && !existsSync(paths.upper)) renameSync(before, paths.upper);
}

/** Folders without metadata: of starts that were killed, and of trials. Reads only. */
export function unnamed(stateDir: string): readonly string[] {
  const starts = sessionIds(stateDir)
    .map((id) => sessionPaths(stateDir, id))
    .filter((paths) => existsSync(paths.dir) && !existsSync(paths.meta) && !isStarting(paths))
    .map(({ dir }) => dir);
  return [...starts, ...halfMade(join(stateDir, "sessions")), ...oldTrials(stateDir)];
}

function halfMade(folder: string): readonly string[] {
  return namesIn(folder)
    .filter((name) => name.startsWith(".new-") && !isMaking(name))
    .map((name) => join(folder, name));
}

/** True for `.new-PID-NAME` whose maker still runs. */
export function isMaking(name: string): boolean {
  const [, pid] = /^\.new-(\d+)-/.exec(name) ?? [];
  return pid !== undefined && existsSync(`/proc/${pid}`);
}

/** A trial of a runtime takes seconds, of a virtual machine a minute. */
const TRIAL_MOST_MS = 10 * 60_000;

function oldTrials(stateDir: string): readonly string[] {
  const isOld = (folder: string): boolean => {
    const found = lstatSync(folder, { throwIfNoEntry: false });
    return found?.isDirectory() === true && Date.now() - found.mtimeMs > TRIAL_MOST_MS;
  };
  return namesIn(stateDir)
    .filter((name) => name.startsWith("probe-"))
    .map((name) => join(stateDir, name))
    .filter(isOld);
}

/** A session's own cleaning up that was cut off. */
async function removeEnd(stateDir: string, meta: SessionMeta, helper: string): Promise<void> {
  if (leftOf(stateDir, meta).length === 0) return;
  await removeSessionFolders(sessionPaths(stateDir, meta.id), helper, { keepChanges: meta.state === "held" });
}

function hasChanges(stateDir: string, meta: SessionMeta): boolean {
  const layers = treesOf(stateDir, meta).map(({ kind, places }) =>
    kind === "repository" ? join(places.upper, meta.repository?.git ?? "") : places.upper,
  );
  return layers.some((layer) => namesIn(layer).length > 0);
}

/** What of a session that is over is still there and waits for nothing. Reads only. */
export function leftOf(stateDir: string, meta: SessionMeta): readonly string[] {
  if (meta.state === "running" || isAlive(meta.supervisor)) return [];
  const paths = sessionPaths(stateDir, meta.id);
  if (isRestoring(paths)) return [];
  const keeps = meta.state === "held" || (meta.state === "killed" && hasChanges(stateDir, meta));
  return (keeps ? leftovers(paths) : [paths.dir]).filter((path) => existsSync(path));
}
