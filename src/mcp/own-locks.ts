// What one person approved of servers: a file for each server's name and what it is, so that approving one program approves no other by its name. All
// files of one name begin alike, so that another program under a known name is seen; but what another workspace calls a file of its own is its affair.
import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
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
  const here = targetKey(targetHere(own.target, own.workspace));
  const scope = here === targetKey(own.target) ? EVERYWHERE : scopeOf(own.workspace);
  return join(folderOf(own.stateDir), `${prefixOf(own.server)}${scope}-${digest(here).slice(0, 32)}${SUFFIX}`);
}

/** What else is approved by the same name, the latest first. What cannot be read is an error: nobody knows then what the name stood for. */
export async function otherOwnLocks(own: OwnServer): Promise<Result<readonly ServerLock[], Problem>> {
  const { stateDir, server, workspace } = own;
  const folder = folderOf(stateDir);
  const mine = ownLockFile(own);
  const all = await readdir(folder).catch((error: NodeJS.ErrnoException) => error);
  if (!Array.isArray(all) && all.code !== "ENOENT")
    return err({ code: "lock-unreadable", message: `\`${folder}\` cannot be read (${all.code ?? all.message})` });
  const begins = scopesOf(workspace).map((scope) => `${prefixOf(server)}${scope}-`);
  const names = (Array.isArray(all) ? all : []).filter(
    (name) => begins.some((begin) => name.startsWith(begin)) && name.endsWith(SUFFIX),
  );
  const others: { readonly lock: ServerLock; readonly at: number }[] = [];
  for (const file of names.map((name) => join(folder, name))) {
    if (file === mine) continue;
    const read = await readLockFile(file);
    if (!read.ok) return read;
    const lock = read.value?.get(server);
    if (lock !== undefined) others.push({ lock, at: (await stat(file).catch(() => undefined))?.mtimeMs ?? 0 });
  }
  return ok(others.sort((a, b) => b.at - a.at).map(({ lock }) => lock));
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
    if (others.value.length > 0) return ok("known" as const);
    const written = await updateLockFile(ownLockFile(own), (now) =>
      now.has(server) ? err(KNOWN) : ok(withServer(now, server, lock)),
    );
    return written.ok ? ok("pinned" as const) : written.error === KNOWN ? ok("known" as const) : written;
  });
  return done ?? err({ code: "lock-busy", message: `the lock of \`${server}\` is being written by another process` });
}

const KNOWN: Problem = { code: "lock-known", message: "the server is pinned already" };
const SUFFIX = ".lock.json";

/** Of a program that is none of one workspace's files. */
const EVERYWHERE = "any";

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
