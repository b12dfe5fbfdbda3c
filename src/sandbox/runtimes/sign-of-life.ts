// How an engine tells that its guest has begun: the guest's first step connects to a socket once, before the agent is there. Whoever comes later finds
// nobody. A file would do, too, but the agent could fill the disk by it.
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { err, ok, type Problem, type Result } from "#core";

/** A guest that is waited for. */
export interface SignOfLife {
  /** Resolves when it has begun. */
  readonly begun: Promise<void>;
  /** Nobody is waited for any more, and the socket is gone. Idempotent. */
  close(): void;
}

/** Waits at `path`, which must be in a folder of the session's own. */
export async function awaitSign(path: string): Promise<Result<SignOfLife, Problem>> {
  const server = createServer();
  const close = (): void => {
    server.close();
    rmSync(path, { force: true });
  };
  const begun = new Promise<void>((resolve) => {
    server.once("connection", (socket) => {
      socket.destroy();
      close();
      resolve();
    });
  });
  return new Promise((settle) => {
    server.once("error", (error) => {
      settle(err({ code: "sandbox-socket", message: `cannot listen at \`${path}\`: ${error.message}` }));
    });
    server.listen(path, () => settle(ok({ begun, close })));
  });
}
