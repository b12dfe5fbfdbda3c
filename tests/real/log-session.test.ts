// The writer against a real disk: what was acknowledged is there, whatever happens next.
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSessionLog, readLog, type SessionLog, type SessionLogOptions } from "#audit";

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "ringfence-log-"));
});
afterEach(() => rm(stateDir, { recursive: true, force: true }));

async function open(session: string, more: Partial<SessionLogOptions> = {}): Promise<SessionLog> {
  const opened = await openSessionLog({
    stateDir,
    session,
    policy: "sha256:0",
    workspace: "/w",
    maxBytes: 100_000_000,
    ...more,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

test("records are numbered in order and closed with a signed size", async () => {
  const log = await open("one");
  const seqs = await Promise.all(
    Array.from({ length: 3000 }, (_, n) =>
      log.append({ type: "net.connect", origin: "observed", data: { host: "example.test", n } }),
    ),
  );
  expect(seqs).toEqual(Array.from({ length: 3000 }, (_, n) => n + 1));
  const closed = await log.close({ exit: 0 });
  expect(closed.size).toBe(3002);
  expect(await log.close({})).toEqual(closed);
  await expect(log.append({ type: "prompt", origin: "claimed", data: {} })).rejects.toMatchObject({
    code: "log-closed",
  });
});

test.each(["deleted", "moved away"])("nothing is acknowledged into a record that was %s", async (how) => {
  const log = await open("gone");
  const say = (): Promise<number> => log.append({ type: "prompt", origin: "claimed", data: {} });
  expect(await say()).toBe(1);
  const folder = join(stateDir, "log");
  if (how === "deleted") await rm(folder, { recursive: true });
  else await rename(folder, `${folder}.old`);
  await expect(say()).rejects.toMatchObject({ code: "log-failed" });
  await expect(say()).rejects.toMatchObject({ code: "log-failed" });
  expect(log.failed.aborted).toBe(true);
  await log.close({}).catch(() => undefined);
});

test("nothing follows the log's own close, whatever is said meanwhile", async () => {
  const log = await open("closing");
  let over = false;
  const closing = log.close({ exit: 0 }).finally(() => {
    over = true;
  });
  const said: number[] = [];
  while (!over) {
    said.push(await log.append({ type: "limit.hit", origin: "observed", data: {} }).catch(() => -1));
    await nextTurn();
  }
  const { size } = await closing;
  const written = [...readLog(log.dir)].map(({ record }) => record?.type);
  expect(written).toHaveLength(size);
  expect(written.indexOf("session.close")).toBe(size - 1);
  expect(said.filter((seq) => seq >= 0)).toHaveLength(size - 2);
});
