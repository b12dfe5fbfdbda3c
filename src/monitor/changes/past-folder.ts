// Where the pasts of sessions are kept: beside the sessions' own folders, which end with them. What a past is of, how much it holds, and
// when it goes.
import { execFile } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { finishUndo, type UndoPlaces } from "#sandbox";
import { listSessions, SESSION_ID, type SessionMeta } from "../sessions.ts";

/** The folder of one session's past (sandbox/workspace/past-store.ts). */
export function pastFolder(stateDir: string, session: string): string {
  return join(stateDir, "undo", session);
}

/** What a past is of: enough to find it and to show it when everything else of the session is gone. */
export type PastMeta = Pick<SessionMeta, "id" | "workspace" | "kind" | "command" | "startedAt"> & {
  /** The folder of a repository elsewhere that the session changed too. */
  readonly elsewhere?: string;
};

/** Notes it, whole, before the first change is kept. */
export function writePastMeta(stateDir: string, session: PastMeta & Pick<SessionMeta, "copy" | "repository">): void {
  const { id, workspace, kind, command, startedAt } = session;
  const repository = session.copy?.repository.root ?? session.repository?.root;
  const elsewhere = repository === undefined || repository === workspace ? {} : { elsewhere: repository };
  const folder = pastFolder(stateDir, id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "meta.json");
  writeFileSync(`${file}.new`, `${JSON.stringify({ id, workspace, kind, command, startedAt, ...elsewhere })}\n`, {
    mode: 0o600,
  });
  renameSync(`${file}.new`, file);
}

/** All pasts, oldest first. What is called otherwise or says another name is not ours. */
export function listPasts(stateDir: string): readonly PastMeta[] {
  const top = join(stateDir, "undo");
  let names: readonly string[];
  try {
    if (!lstatSync(top).isDirectory()) return [];
    names = readdirSync(top).sort();
  } catch {
    return []; // nothing was ever kept
  }
  return names.flatMap((name): readonly PastMeta[] => {
    if (!SESSION_ID.test(name)) return [];
    try {
      const meta: PastMeta = JSON.parse(readFileSync(join(top, name, "meta.json"), "utf8"));
      return meta.id === name ? [meta] : [];
    } catch {
      return [];
    }
  });
}

/** The folders of the host that a session changed, each with what was kept of it; `prefix` stands before paths that are shown. */
export function pastPlaces(
  places: { readonly stateDir: string; readonly helper: string },
  { id, workspace, elsewhere }: PastMeta,
): readonly (UndoPlaces & { readonly prefix: string })[] {
  const past = pastFolder(places.stateDir, id);
  const { helper } = places;
  return [
    { helper, root: workspace, past, prefix: "" },
    ...(elsewhere === undefined
      ? []
      : [{ helper, root: elsewhere, past: join(past, "repository"), prefix: `${elsewhere}/` }]),
  ];
}

/** What one session's past takes on the disk. Counted once for each state of its records. */
export function pastBytes(stateDir: string, session: string): number {
  const folder = pastFolder(stateDir, session);
  const state = String(lstatSync(join(folder, "records.jsonl"), { throwIfNoEntry: false })?.mtimeMs ?? "");
  const file = join(folder, "bytes.json");
  try {
    const known: { readonly state: string; readonly bytes: number } = JSON.parse(readFileSync(file, "utf8"));
    if (known.state === state) return known.bytes;
  } catch {
    // not counted yet
  }
  const bytes = sizeOf(folder);
  writeFileSync(file, JSON.stringify({ state, bytes }), { mode: 0o600 });
  return bytes;
}

/** Bytes of the folder's files, by their blocks: a shared or empty one costs what it costs. */
function sizeOf(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += sizeOf(path);
    else bytes += (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
  }
  return bytes;
}

/** How long pasts are kept, for each workspace on its own. */
export const PAST_KEPT: { readonly sessions: number; readonly bytes: number } = { sessions: 20, bytes: 4 * 1024 ** 3 };

/**
 * Removes the oldest pasts of every workspace that has more than `PAST_KEPT`. Never one of a session that runs or waits for review, nor the
 * newest. Answers what went. For the janitor.
 */
export async function prunePasts(stateDir: string, helper: string): Promise<readonly string[]> {
  const live = new Set(
    listSessions(stateDir).flatMap(({ id, state }) => (state === "done" || state === "discarded" ? [] : [id])),
  );
  const counted = new Map<string, { sessions: number; bytes: number }>();
  const removed: string[] = [];
  for (const past of listPasts(stateDir).toReversed()) {
    const sum = counted.get(past.workspace) ?? { sessions: 0, bytes: 0 };
    const isNewest = sum.sessions === 0;
    sum.sessions += 1;
    const bytes = pastBytes(stateDir, past.id);
    sum.bytes += bytes;
    counted.set(past.workspace, sum);
    const isOver = sum.sessions > PAST_KEPT.sessions || sum.bytes > PAST_KEPT.bytes;
    if (!isOver || isNewest || live.has(past.id)) continue;
    sum.bytes -= bytes;
    await promisify(execFile)(helper, ["remove", pastFolder(stateDir, past.id)], { env: {} });
    removed.push(past.id);
  }
  return removed;
}

/** Finishes every undo that was cut off, and answers of which sessions. For the next start. */
export function finishUndos(stateDir: string, helper: string): readonly string[] {
  return listPasts(stateDir).flatMap((past) => {
    const done = pastPlaces({ stateDir, helper }, past).map(finishUndo);
    return done.some((one) => one !== undefined) ? [past.id] : [];
  });
}
