// One writer for one log: an abstract Unix socket named after the folder. The kernel frees it when its holder dies, however
// it dies. The fence has a network namespace of its own, so nothing inside can take or even see the name.
import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { createServer, type Server } from "node:net";

/** A lock that is held. */
export interface Lock {
  release(): Promise<void>;
}

/** Takes the lock of a folder that exists, or returns undefined when another process holds it. */
export async function tryLock(folder: string): Promise<Lock | undefined> {
  const name = createHash("sha256")
    .update(await realpath(folder))
    .digest("hex")
    .slice(0, 40);
  const server = createServer((socket) => socket.destroy());
  const held = await new Promise<boolean>((resolve, reject) => {
    server.once("error", (error) => {
      if ("code" in error && error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(`\0ringfence-log-${name}`, () => resolve(true));
  });
  if (!held) return undefined;
  server.unref();
  return { release: () => closed(server) };
}

/** Takes the lock, waiting for another holder at most `patienceMs`. */
export async function waitForLock(folder: string, patienceMs: number): Promise<Lock | undefined> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const lock = await tryLock(folder);
    if (lock !== undefined || Date.now() >= deadline) return lock;
    await new Promise((resolve) => setTimeout(resolve, 2 + Math.random() * 8));
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
