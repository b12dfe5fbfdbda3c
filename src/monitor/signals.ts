// The supervisor's signals are the command's: forwarded, never acted on, so that the fence always ends before its supervisor.
import { constants } from "node:os";
import type { Fence } from "#sandbox";

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT"] as const;

/**
 * Forwards until `close`. Called before the command can run: a signal that comes earlier than the fence waits for it, so that the supervisor never
 * ends by one. A window that changes its size is passed on too.
 */
export function forwardSignals(fence: Promise<Pick<Fence, "signal" | "resized">>): { close(): void } {
  const handlers = FORWARDED.map((name) => {
    const handler = (): void => void fence.then((running) => running.signal(constants.signals[name]));
    process.on(name, handler);
    return () => process.off(name, handler);
  });
  const resized = (): void => void fence.then((running) => running.resized());
  process.on("SIGWINCH", resized);
  return {
    close: () => {
      for (const off of handlers) off();
      process.off("SIGWINCH", resized);
    },
  };
}
