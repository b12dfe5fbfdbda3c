// How a server's session ends. A client that says nothing more gets what a bare server would do: its input is closed, it may finish, then it is asked to
// end, then it is ended, with everything that it started (I16).
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunningServer } from "./running-server.ts";

/** Clients of the SDK wait two seconds after each step before they take the next. */
const FINISH_MS = 1_400;
const TERM_MS = 600;

/** What may end it. */
export interface Endings {
  /** Its input is closed: the client has ended, or the server itself says nothing more. */
  readonly quiet: Promise<unknown>;
  /** Somebody wants it to end now. */
  readonly stop: AbortSignal;
  /** Ends the session's fence. */
  readonly kill: () => void;
}

/** Ends it when it is time; resolves when its fence is gone. */
export async function endServer({ fence, streams }: RunningServer, { quiet, stop, kill }: Endings): Promise<void> {
  const stopped = new Promise<"stop">((done) => {
    if (stop.aborted) done("stop");
    stop.addEventListener("abort", () => done("stop"), { once: true });
  });
  const gone = fence.exited.then(() => "gone" as const);
  const soon = (ms: number): Promise<"late"> => sleep(ms, "late" as const, { ref: false });
  let now: string = await Promise.race([gone, stopped, quiet.then(() => "quiet" as const)]);
  if (now === "quiet") now = await Promise.race([gone, stopped, soon(FINISH_MS)]);
  if (now !== "gone") {
    fence.signal(constants.signals.SIGTERM);
    now = await Promise.race([gone, soon(TERM_MS)]);
  }
  if (now !== "gone") {
    kill();
    // Output that nobody reads any more would hold the end back.
    for (const stream of [streams.stdin, streams.stdout, streams.stderr]) stream.destroy();
  }
  await gone;
}
