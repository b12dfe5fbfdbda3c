// What one person approved of servers: a file for each server's name and what it is, so that approving one program approves no other by its name. All
// files of one name begin alike, so that another program under a known name is seen; but what another workspace calls a file of its own is its affair.
// What another one took the place of stays as a file of another ending: it is told as a rollback when it comes back.
import { createHash } from "node:crypto";
import { copyFile, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { type ServerLock, type ServerTarget, targetHere, targetKey, withServer } from "#core/mcp";
import { readLockFile, updateLockFile } from "./lock-store.ts";
import { inTurn } from "./turn.ts";

/** One server of one person. */
export interface OwnServer {
  readonly stateDir: string;
  readonly server: string;
  readonly target: ServerTarget;
  /** Where it is started: a program of the workspace's is that workspace's alone. */
  readonly workspace: string;
}

/** Where what is approved of it is kept. */
export function ownLockFile(own: OwnServer): string {
  return join(folderOf(own.stateDir), `${prefixOf(own.server)}${placeOf(own)}${SUFFIX}`);
}

/** Where it is said that another server took its place: everywhere, or in this workspace. */
export function replacedFiles({ stateDir, server, target, workspace }: OwnServer): readonly string[] {
  const [scope = "", digest = ""] = placeOf({ target, workspace }).split("-");
  return [...new Set([scope, scopeOf(workspace)])].map((one) =>
    join(folderOf(stateDir), `${prefixOf(server)}${one}-${digest}${REPLACED}`),
  );
}

/** Whether another server took its place here. */
export async function isReplaced(own: OwnServer): Promise<boolean> {
  const found = await Promise.all(replacedFiles(own).map((file) => stat(file).then(() => true, isThere)));
  return found.includes(true);
}

/** What is approved of it, if nothing took its place since. */
export async function readOwnLock(own: OwnServer): Promise<Result<ServerLock | undefined, Problem>> {
  if (await isReplaced(own)) return ok(undefined);
  const read = await readLockFile(ownLockFile(own));
  return read.ok ? ok(read.value?.get(own.server)) : read;
}

/** What else is approved by the same name, the latest first. What cannot be read is an error: nobody knows then what the name stood for. */
export async function otherOwnLocks(own: OwnServer): Promise<Result<readonly ServerLock[], Problem>> {
  const others = await othersOf(own);
  return others.ok ? ok(others.value.map(({ lock }) => lock)) : others;
}

/** The server, approved now, is back if it was replaced. */
export async function comeBack(own: OwnServer): Promise<Result<void, Problem>> {
  try {
    await Promise.all(replacedFiles(own).map((file) => rm(file, { force: true })));
    return ok(undefined);
  } catch (error) {
    return err(unwritable(own.server, error));
  }
}

/**
 * The server, approved now, is what its name stands for here: it is back if it was replaced, and takes the place of all others by that name. What holds in
 * more places than it does is replaced in this workspace only, or its name would stand for nothing elsewhere and be anybody's.
 */
export async function takePlace(own: OwnServer): Promise<Result<void, Problem>> {
  const { server, stateDir, workspace } = own;
  const [mine = ""] = placeOf(own).split("-");
  const others = await othersOf(own);
  if (!others.ok) return others;
  const back = await comeBack(own);
  if (!back.ok) return back;
  try {
    for (const { file, scope, digest } of others.value) {
      const isOurs = scope === mine || (mine === EVERYWHERE && scope === scopeOf(workspace));
      const there = join(
        folderOf(stateDir),
        `${prefixOf(server)}${isOurs ? scope : scopeOf(workspace)}-${digest}${REPLACED}`,
      );
      await (isOurs ? rename(file, there) : copyFile(file, there));
    }
  } catch (error) {
    return err(unwritable(server, error));
  }
  return ok(undefined);
}

function unwritable(server: string, error: unknown): Problem {
  const { code, message } = error as NodeJS.ErrnoException;
  return {
    code: "lock-unwritable",
    message: `what the name \`${server}\` stood for cannot be put aside (${code ?? message})`,
  };
}

interface Other {
  readonly lock: ServerLock;
  readonly file: string;
  readonly scope: string;
  readonly digest: string;
}

async function othersOf(own: OwnServer): Promise<Result<readonly Other[], Problem>> {
  const { stateDir, server, workspace } = own;
  const folder = folderOf(stateDir);
  const all = await readdir(folder).catch((error: NodeJS.ErrnoException) => error);
  if (!Array.isArray(all) && all.code !== "ENOENT")
    return err({ code: "lock-unreadable", message: `\`${folder}\` cannot be read (${all.code ?? all.message})` });
  const names = Array.isArray(all) ? all : [];
  const [prefix, mine] = [prefixOf(server), placeOf(own)];
  const scopes = new Set(scopesOf(workspace));
  const others: (Other & { readonly at: number })[] = [];
  for (const name of names.filter((one) => one.startsWith(prefix) && one.endsWith(SUFFIX))) {
    const place = name.slice(prefix.length, -SUFFIX.length);
    const [scope = "", digest = ""] = place.split("-");
    const isGone = names.includes(`${prefix}${scopeOf(workspace)}-${digest}${REPLACED}`);
    if (place === mine || !scopes.has(scope) || isGone) continue;
    const file = join(folder, name);
    const read = await readLockFile(file);
    if (!read.ok) return read;
    const lock = read.value?.get(server);
    if (lock !== undefined)
      others.push({ lock, file, scope, digest, at: (await stat(file).catch(() => undefined))?.mtimeMs ?? 0 });
  }
  return ok(others.sort((a, b) => b.at - a.at));
}

/** Of one person: more are nobody's to read for each server that starts. */
const SERVERS_MOST = 64;

/** What is approved of servers by other names that may be started here too, as far as it can be read: nothing is decided by it alone. */
export async function neighbourLocks({
  stateDir,
  server,
  workspace,
}: Omit<OwnServer, "target">): Promise<readonly (readonly [string, ServerLock])[]> {
  const folder = folderOf(stateDir);
  const scopes = new RegExp(`^[0-9a-f]{16}-(?:${scopesOf(workspace).join("|")})-`);
  const names = (await readdir(folder).catch(() => [])).filter(
    (name) => scopes.test(name) && name.endsWith(SUFFIX) && !name.startsWith(prefixOf(server)),
  );
  const read = await Promise.all(names.slice(0, SERVERS_MOST).map((name) => readLockFile(join(folder, name))));
  return read.flatMap((one) => (one.ok && one.value !== undefined ? [...one.value] : []));
}

/** Pins a server whose name nobody knows; `known` when another copy was faster, or another program has got the name meanwhile. */
export async function pinFirst(own: OwnServer, lock: ServerLock): Promise<Result<"pinned" | "known", Problem>> {
  const { stateDir, server } = own;
  const done = await inTurn(join(folderOf(stateDir), prefixOf(server)), async () => {
    const others = await otherOwnLocks(own);
    if (!others.ok) return others;
    if (others.value.length > 0 || (await isReplaced(own))) return ok("known" as const);
    const written = await updateLockFile(ownLockFile(own), (now) =>
      now.has(server) ? err(KNOWN) : ok(withServer(now, server, lock)),
    );
    return written.ok ? ok("pinned" as const) : written.error === KNOWN ? ok("known" as const) : written;
  });
  return done ?? err({ code: "lock-busy", message: `the lock of \`${server}\` is being written by another process` });
}

const KNOWN: Problem = { code: "lock-known", message: "the server is pinned already" };
const SUFFIX = ".lock.json";
const REPLACED = ".replaced.json";

/** Of a program that is none of one workspace's files. */
const EVERYWHERE = "any";

/** For whom a file of it is, and which server it is. */
function placeOf({ target, workspace }: Pick<OwnServer, "target" | "workspace">): string {
  const here = targetKey(targetHere(target, workspace));
  const scope = here === targetKey(target) ? EVERYWHERE : scopeOf(workspace);
  return `${scope}-${digest(here).slice(0, 32)}`;
}

/** What cannot be looked at is there: nothing is approved by a file that nobody sees. */
function isThere(error: NodeJS.ErrnoException): boolean {
  return error.code !== "ENOENT";
}

function scopeOf(workspace: string): string {
  return digest(workspace).slice(0, 16);
}

/** What is known here: everywhere, in this workspace, and in one that holds it (a repository's server may be moved into a folder of it that is one too). */
function scopesOf(workspace: string): readonly string[] {
  const scopes = [EVERYWHERE];
  for (let folder = workspace; ; folder = dirname(folder)) {
    scopes.push(scopeOf(folder));
    if (folder === dirname(folder)) return scopes;
  }
}

function folderOf(stateDir: string): string {
  return join(stateDir, "mcp");
}

function prefixOf(server: string): string {
  return `${digest(server).slice(0, 16)}-`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
