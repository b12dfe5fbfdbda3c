// What waits for a person, one file a server, in the state folder that no fence sees.
import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Pending, pendingText, readPending, type ServerTarget } from "#core/mcp";

/** Which one of them. */
export type PendingKey = Pick<Pending, "server" | "target" | "workspace">;

/** Keeps it in place of what was kept for the same server in the same workspace. */
export async function keepPending(stateDir: string, pending: Pending): Promise<void> {
  const file = fileOf(stateDir, pending);
  await mkdir(join(stateDir, "mcp"), { recursive: true, mode: 0o700 });
  const aside = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const handle = await open(aside, flags, 0o600);
  try {
    await handle.writeFile(pendingText(pending));
  } finally {
    await handle.close();
  }
  await rename(aside, file);
}

/** Nobody needs to look at it any more. */
export async function dropPending(stateDir: string, key: PendingKey): Promise<void> {
  await rm(fileOf(stateDir, key), { force: true });
}

/** All that wait. One that cannot be read is left out: its server is held all the same, and writes it anew. */
export async function listPending(stateDir: string): Promise<readonly Pending[]> {
  const folder = join(stateDir, "mcp");
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(SUFFIX)).sort();
  // One may be gone by now: its server says again what was approved.
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name)).catch(() => undefined)));
  return texts.flatMap((text) => {
    const read = text === undefined ? undefined : readPending(text);
    return read?.ok === true ? [read.value] : [];
  });
}

const SUFFIX = ".pending.json";

function fileOf(stateDir: string, { server, target, workspace }: PendingKey): string {
  const words: readonly (string | ServerTarget)[] = [server, target, workspace];
  return join(
    stateDir,
    "mcp",
    `${createHash("sha256").update(JSON.stringify(words)).digest("hex").slice(0, 32)}${SUFFIX}`,
  );
}
