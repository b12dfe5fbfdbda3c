// One writer for one log: an abstract Unix socket named after the folder. The kernel frees it when its holder dies, however
// it dies, and its holder says who it is to whoever asks. The fence has a network namespace of its own, so nothing inside can
// take or even see the name; a folder that several namespaces see (a volume of containers) is locked itself, too.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { err, ok, type Problem, type Result } from "#core";

/** A lock that is held. */
export interface Lock {
  release(): Promise<void>;
}

/** Takes the lock of a folder that exists, or returns undefined when another process holds it. */
export async function tryLock(folder: string): Promise<Lock | undefined> {
  const name = await socketOf(folder);
  // Whoever asks is answered and hung up on; one that never reads is not waited for.
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(`${process.pid}\n`, () => socket.destroy());
    socket.unref();
  });
  const held = await new Promise<boolean>((resolve, reject) => {
    server.once("error", (error) => {
      if ("code" in error && error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(name, () => resolve(true));
  });
  if (!held) return undefined;
  server.unref();
  return { release: () => closed(server) };
}

/** Takes the lock, waiting for another holder at most `patienceMs`, and not at all once it is interrupted. */
export async function waitForLock(
  folder: string,
  patienceMs: number,
  interrupt?: AbortSignal,
): Promise<Lock | undefined> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const lock = await tryLock(folder);
    if (lock !== undefined || performance.now() >= deadline || interrupt?.aborted === true) return lock;
    await new Promise((resolve) => setTimeout(resolve, 2 + Math.random() * 8));
  }
}

/** Locks a folder anywhere, also against writers in other network namespaces; says who holds it when it cannot. */
export async function lockAnywhere(folder: string): Promise<Result<Lock, Problem>> {
  const lock = await tryLock(folder);
  if (lock === undefined) return err(busy(folder, await holderOf(folder)));
  const handle = await open(folder, "r");
  if (!flock(handle)) {
    await handle.close();
    await lock.release();
    return err(busy(folder, undefined));
  }
  const release = async (): Promise<void> => {
    await handle.close();
    await lock.release();
  };
  return ok({ release });
}

const FLOCK = "/usr/bin/flock";

/**
 * Takes flock(2) on an open folder. Node has no call for it, but the lock belongs to the open file and not to the process that
 * took it: `flock` takes it on ours and leaves. False when another holds it; where the tool is missing the socket has to do.
 */
function flock(handle: FileHandle): boolean {
  const stdio = ["ignore", "ignore", "ignore", handle.fd] as const;
  return (
    spawnSync(FLOCK, ["--nonblock", "--conflict-exit-code", "9", "3"], { stdio: [...stdio], env: {} }).status !== 9
  );
}

/** The process that holds a folder's lock, as it says itself. */
export async function holderOf(folder: string): Promise<number | undefined> {
  const name = await socketOf(folder);
  return await new Promise((resolve) => {
    const socket = connect(name);
    let said = "";
    const end = (): void => {
      socket.destroy();
      const pid = /^([1-9][0-9]{0,9})\n$/.exec(said)?.[1];
      resolve(pid === undefined ? undefined : Number(pid));
    };
    socket.setTimeout(500, end);
    socket.on("data", (bytes: Buffer) => {
      said += bytes.toString("latin1");
      if (said.length > 16) end();
    });
    socket.on("error", end);
    socket.on("end", end);
  });
}

async function socketOf(folder: string): Promise<string> {
  const name = createHash("sha256").update(await realpath(folder));
  return `\0ringfence-log-${name.digest("hex").slice(0, 40)}`;
}

function busy(folder: string, pid: number | undefined): Problem {
  const who = pid === undefined ? "another process, perhaps in a container" : `process ${pid}`;
  return {
    code: "log-busy",
    message: `\`${folder}\` has a writer already: ${who}`,
    hint: "a log has one writer at a time: send the records to that one, or wait until it ends",
  };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
