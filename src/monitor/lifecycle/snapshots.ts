// Snapshots of sessions: the workspace's changes and the home, copied whole while nothing runs (SAND-9). They stand below the state folder, outlive
// their session, and are named by it: `snapshots/SESSION/NAME`.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { copyTree } from "#sandbox";
import { namesIn } from "../folder-names.ts";
import { removeFolder } from "../remove-folder.ts";
import { type SessionPaths, sessionPaths } from "../session-folders.ts";
import type { SessionMeta } from "../sessions.ts";

/** The trees of a session that a snapshot may hold. */
export type SnapshotPart = "upper" | "home" | "tmp";

/** One snapshot, `meta.json` in its folder. */
export interface SnapshotMeta {
  readonly version: 1;
  readonly session: string;
  readonly name: string;
  readonly takenAt: string;
  readonly bytes: number;
  readonly files: number;
  /** Each tree's digest (native/digest.h). */
  readonly parts: Readonly<Partial<Record<SnapshotPart, string>>>;
  /** The session as it was: its workspace, masks and gate are what makes its changes mean anything. */
  readonly of: Pick<SessionMeta, "workspace" | "kind" | "command" | "startedMs" | "startedAt" | "masked" | "gate">;
}

/** Where things are. */
export interface SnapshotPlaces {
  readonly stateDir: string;
  readonly helper: string;
}

/** What to take. */
export interface SnapshotWish {
  readonly name?: string;
  /** Also /tmp. */
  readonly tmp: boolean;
  readonly mostBytes: number;
}

/** What a snapshot may be called. */
export const SNAPSHOT_NAME: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const SNAPSHOTS_MOST = 50;
/** Room that a snapshot leaves on the disk. */
const LEFT_BYTES = 256 * 2 ** 20;

/** The folder of a session's snapshots. */
export function snapshotsOf(stateDir: string, session: string): string {
  return join(stateDir, "snapshots", session);
}

/** Copies, compares, and only then gives it its name. The session must stand still meanwhile. */
export async function takeSnapshot(
  places: SnapshotPlaces,
  session: SessionMeta,
  wish: SnapshotWish,
): Promise<Result<SnapshotMeta, Problem>> {
  const folder = snapshotsOf(places.stateDir, session.id);
  const name = wish.name ?? nextName(listSnapshots(places.stateDir, session.id));
  const refused = refusal(places, session, folder, name);
  if (refused !== undefined) return err(refused);
  const half = join(folder, `.new-${process.pid}-${name}`);
  try {
    mkdirSync(half, { recursive: true, mode: 0o700 });
    const from = sessionPaths(places.stateDir, session.id);
    const taken = await copyParts(
      { ...places, most: Math.min(wish.mostBytes, room(folder)) },
      partsOf(from, wish),
      (part) => join(half, part),
    );
    if (!taken.ok) return taken;
    const { workspace, kind, command, startedMs, startedAt, masked, gate } = session;
    const meta: SnapshotMeta = {
      ...{ version: 1, session: session.id, name, takenAt: new Date().toISOString() },
      ...taken.value,
      of: { workspace, kind, command, startedMs, startedAt, masked, gate },
    };
    writeFileSync(join(half, "meta.json"), `${JSON.stringify(meta, undefined, 1)}\n`, { mode: 0o600 });
    // A folder of that name that came meanwhile is not empty, so it is not replaced.
    renameSync(half, join(folder, name));
    return ok(meta);
  } catch (error) {
    return err({ code: "snapshot-failed", message: `the snapshot cannot be made: ${(error as Error).message}` });
  } finally {
    if (existsSync(half)) await removeFolder(half, places.helper);
  }
}

/** A session's trees that are there. */
function partsOf(from: SessionPaths, wish: Pick<SnapshotWish, "tmp">): Readonly<Partial<Record<SnapshotPart, string>>> {
  return {
    ...(existsSync(from.upper) ? { upper: from.upper } : {}),
    ...(existsSync(from.home) ? { home: from.home } : {}),
    ...(wish.tmp && existsSync(from.tmp) ? { tmp: from.tmp } : {}),
  };
}

/** Copies each tree to its place, within one room for all. */
export async function copyParts(
  { helper, most }: { readonly helper: string; readonly most: number },
  parts: Readonly<Partial<Record<SnapshotPart, string>>>,
  place: (part: SnapshotPart) => string,
): Promise<Result<Pick<SnapshotMeta, "bytes" | "files" | "parts">, Problem>> {
  let bytes = 0;
  let files = 0;
  const digests: Partial<Record<SnapshotPart, string>> = {};
  for (const [part, from] of Object.entries(parts) as [SnapshotPart, string][]) {
    const copied = await copyTree(helper, { from, to: place(part) }, most - bytes);
    if (!copied.ok) return err({ ...copied.error, message: `${copied.error.message} (in its ${part})` });
    bytes += copied.value.bytes;
    files += copied.value.files;
    digests[part] = copied.value.digest;
  }
  return ok({ bytes, files, parts: digests });
}

function refusal(
  { stateDir }: SnapshotPlaces,
  session: SessionMeta,
  folder: string,
  name: string,
): Problem | undefined {
  const hint = `ringfence sessions snapshots ${session.id}`;
  if (session.kind !== "overlay" || session.repository !== undefined)
    return {
      code: "snapshot-kind",
      message: `only the changes of an overlay workspace can be kept, and this session's is ${session.repository === undefined ? `\`${session.kind}\`` : "one whose repository lies elsewhere"}`,
      hint: "use the overlay workspace of a plain folder or repository, or git",
    };
  if (!SNAPSHOT_NAME.test(name))
    return {
      code: "snapshot-name",
      message: `\`${name}\` cannot name a snapshot`,
      hint: "up to 64 letters, digits, `.`, `_` and `-`, the first a letter or a digit",
    };
  if (existsSync(join(folder, name)))
    return { code: "snapshot-exists", message: `session \`${session.id}\` has a snapshot \`${name}\``, hint };
  if (listSnapshots(stateDir, session.id).length >= SNAPSHOTS_MOST)
    return { code: "snapshots-many", message: `session \`${session.id}\` has ${SNAPSHOTS_MOST} snapshots`, hint };
  return undefined;
}

function room(folder: string): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = statfsSync(folder);
  return Math.max(0, bavail * bsize - LEFT_BYTES);
}

function nextName(all: readonly SnapshotMeta[]): string {
  const taken = new Set(all.map(({ name }) => name));
  for (let number = 1; ; number++) if (!taken.has(`s${number}`)) return `s${number}`;
}

/** All snapshots of a session, or of every session, oldest first. */
export function listSnapshots(stateDir: string, session?: string): readonly SnapshotMeta[] {
  const sessions = session === undefined ? names(join(stateDir, "snapshots")) : [session];
  const all = sessions.flatMap((id) =>
    names(snapshotsOf(stateDir, id)).flatMap((name) => readSnapshot(stateDir, id, name) ?? []),
  );
  return all.sort((a, b) => (a.takenAt < b.takenAt ? -1 : 1));
}

/** One snapshot, or `undefined` when there is none of that name. */
export function readSnapshot(stateDir: string, session: string, name: string): SnapshotMeta | undefined {
  if (!SNAPSHOT_NAME.test(session) || !SNAPSHOT_NAME.test(name)) return undefined;
  try {
    const meta: SnapshotMeta = JSON.parse(
      readFileSync(join(snapshotsOf(stateDir, session), name, "meta.json"), "utf8"),
    );
    return meta.session === session && meta.name === name && meta.version === 1 ? meta : undefined;
  } catch {
    return undefined;
  }
}

/** Removes one: first its name, so that a removal that is cut off leaves no half snapshot. */
export async function removeSnapshot(
  { stateDir, helper }: SnapshotPlaces,
  { session, name }: SnapshotMeta,
): Promise<void> {
  const folder = snapshotsOf(stateDir, session);
  const going = join(
    folder,
    `.gone-${createHash("sha256").update(`${name}${process.pid}`).digest("hex").slice(0, 16)}`,
  );
  renameSync(join(folder, name), going);
  await removeFolder(going, helper);
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}

function names(folder: string): readonly string[] {
  return namesIn(folder).filter((name) => SNAPSHOT_NAME.test(name));
}
