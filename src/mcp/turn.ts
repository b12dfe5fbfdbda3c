// One at a time for a file: an abstract Unix socket named after it. The kernel frees the name when its holder dies, however it dies, nothing is left
// beside the file, and nothing inside a fence can take the name: its network namespace is its own.
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 10_000;

/** Runs `work` when no other process does for the same file. Undefined when the others took too long. */
export async function inTurn<T>(file: string, work: () => Promise<T>): Promise<T | undefined> {
  const name = `\0ringfence-mcp-${createHash("sha256").update(file).digest("hex").slice(0, 40)}`;
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(5 + Math.random() * 20)) {
    const release = await take(name);
    if (release === undefined) continue;
    try {
      return await work();
    } finally {
      await release();
    }
  }
  return undefined;
}

async function take(name: string): Promise<(() => Promise<void>) | undefined> {
  const server = createServer((socket) => socket.destroy());
  const held = await new Promise<boolean>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(false) : reject(error),
    );
    server.listen(name, () => resolve(true));
  });
  return held ? () => new Promise((done) => void server.close(() => done())) : undefined;
}
