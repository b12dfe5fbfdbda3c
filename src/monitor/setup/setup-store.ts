// What setups installed, kept for the next session of the same project with the same key: `setup/PROJECT/KEY/` below the state folder, each tree with its
// digest. Made right after a setup that succeeded and was checked, before the agent starts, so that no agent ever had its hands on it.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statfsSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { copyTree, hideBelow } from "#sandbox";
import { namesIn } from "../folder-names.ts";
import { removeFolder } from "../remove-folder.ts";
import { isMaking } from "../sweep.ts";

/** Where things are. */
export interface SetupStorePlaces {
  readonly stateDir: string;
  readonly helper: string;
}

/** One kept setup, `meta.json` in its folder. */
export interface KeptSetup {
  readonly version: 1;
  readonly key: string;
  readonly trees: readonly { readonly path: string; readonly digest: string }[];
  readonly bytes: number;
  readonly files: number;
}

const KEY = /^[0-9a-f]{32}$/;
/** A project needs one, and the one of the branch it comes from. */
const MOST_KEPT = 3;
const MOST_BYTES = 4 * 2 ** 30;
/** Room that a kept setup leaves on the disk. */
const LEFT_BYTES = 1 * 2 ** 30;
/** One that nobody used for so long goes. */
const UNUSED_MS = 30 * 24 * 3_600_000;

function folderOf(stateDir: string, project: string): string {
  return join(stateDir, "setup", project);
}

/** The kept setup of that key. */
export function findKept(stateDir: string, project: string, key: string): KeptSetup | undefined {
  try {
    const meta: KeptSetup = JSON.parse(readFileSync(join(folderOf(stateDir, project), key, "meta.json"), "utf8"));
    return meta.version === 1 && meta.key === key ? meta : undefined;
  } catch {
    return undefined; // none was kept
  }
}

/** Copies its trees into a session's layer. A tree that is not what was kept is a Problem, and nothing of it stays. */
export async function putBack(
  { stateDir, helper }: SetupStorePlaces,
  project: string,
  kept: KeptSetup,
  layers: { readonly upper: string; readonly lower: string },
): Promise<Result<undefined, Problem>> {
  const folder = join(folderOf(stateDir, project), kept.key);
  const made: string[] = [];
  for (const [number, { path, digest }] of kept.trees.entries()) {
    const to = join(layers.upper, path);
    made.push(to);
    const ready = makeParents(path, layers);
    const copied = ready.ok
      ? await copyTree(helper, { from: join(folder, "trees", String(number)), to }, Number.MAX_SAFE_INTEGER)
      : ready;
    const problem = !copied.ok
      ? copied.error
      : copied.value.digest !== digest
        ? damaged(path)
        : await hideBelow(helper, to);
    if (problem === undefined) continue;
    for (const one of made) if (existsSync(one)) await removeFolder(one, helper);
    return err(problem);
  }
  const now = new Date();
  utimesSync(join(folder, "meta.json"), now, now);
  return ok(undefined);
}

/** The folders above a tree, as the workspace has them: in a merged folder the upper one's mode is seen. */
function makeParents(
  path: string,
  { upper, lower }: { readonly upper: string; readonly lower: string },
): Result<undefined, Problem> {
  const above = dirname(path);
  if (above === ".") return ok(undefined);
  const parent = makeParents(above, { upper, lower });
  if (!parent.ok) return parent;
  const like = lstatSync(join(lower, above), { throwIfNoEntry: false });
  if (like?.isDirectory() !== true)
    return err({ code: "setup-elsewhere", message: `the workspace has no folder \`${above}\`` });
  const folder = join(upper, above);
  if (existsSync(folder)) return ok(undefined);
  mkdirSync(folder, { mode: like.mode & 0o777 });
  utimesSync(folder, like.atime, like.mtime);
  return ok(undefined);
}

/** Keeps these trees of a layer under that key, and forgets the oldest. Another session may have been faster: then its ones stay. */
export async function keepSetup(
  { stateDir, helper }: SetupStorePlaces,
  project: string,
  { key, trees, upper }: { readonly key: string; readonly trees: readonly string[]; readonly upper: string },
): Promise<Result<KeptSetup, Problem>> {
  const folder = folderOf(stateDir, project);
  const half = join(folder, `.new-${process.pid}-${key}`);
  try {
    mkdirSync(join(half, "trees"), { recursive: true, mode: 0o700 });
    let bytes = 0;
    let files = 0;
    const kept: KeptSetup["trees"][number][] = [];
    for (const [number, path] of trees.entries()) {
      const most = Math.min(MOST_BYTES, room(folder)) - bytes;
      const copied = await copyTree(helper, { from: join(upper, path), to: join(half, "trees", String(number)) }, most);
      if (!copied.ok) return copied;
      bytes += copied.value.bytes;
      files += copied.value.files;
      kept.push({ path, digest: copied.value.digest });
    }
    const meta: KeptSetup = { version: 1, key, trees: kept, bytes, files };
    writeFileSync(join(half, "meta.json"), `${JSON.stringify(meta, undefined, 1)}\n`, { mode: 0o600 });
    await remove(join(folder, key), helper);
    renameSync(half, join(folder, key));
    for (const old of keptOf(folder).slice(MOST_KEPT)) await remove(old.folder, helper);
    return ok(meta);
  } catch (error) {
    return err({ code: "setup-not-kept", message: (error as Error).message });
  } finally {
    await remove(half, helper);
  }
}

/** Takes one away: what was kept is not what is there. */
export async function forgetSetup({ stateDir, helper }: SetupStorePlaces, project: string, key: string): Promise<void> {
  await remove(join(folderOf(stateDir, project), key), helper);
}

/** Folders of kept setups that nobody used for a month, and of ones that were never finished. Reads only; for the janitor. */
export function staleSetups(stateDir: string, now: number): readonly string[] {
  const top = join(stateDir, "setup");
  return namesIn(top).flatMap((project) => {
    const folder = join(top, project);
    const half = namesIn(folder).filter((name) => name.startsWith(".new-") && !isMaking(name));
    const old = keptOf(folder).filter(({ usedMs }) => now - usedMs > UNUSED_MS);
    return [...half.map((name) => join(folder, name)), ...old.map((one) => one.folder)];
  });
}

/** All of one project, the last used first. */
function keptOf(folder: string): readonly { readonly folder: string; readonly usedMs: number }[] {
  return namesIn(folder)
    .filter((name) => KEY.test(name))
    .map((name) => ({
      folder: join(folder, name),
      usedMs: lstatSync(join(folder, name, "meta.json"), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }))
    .sort((a, b) => b.usedMs - a.usedMs);
}

async function remove(folder: string, helper: string): Promise<void> {
  if (existsSync(folder)) await removeFolder(folder, helper);
}

function room(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return Math.max(0, bavail * bsize - LEFT_BYTES);
}

function damaged(path: string): Problem {
  return { code: "setup-damaged", message: `what was kept of \`${path}\` is not what it was when it was kept` };
}
