// The supervisor's signals. Before the command runs they end the start; from then on they are the command's: forwarded, never acted on, so that the
// fence always ends before its supervisor.
import { constants } from "node:os";
import type { Problem } from "#core";
import type { Fence } from "#sandbox";

const ENDING = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
const FORWARDED = [...ENDING, "SIGUSR1", "SIGUSR2", "SIGCONT"] as const;

type Hearer = Pick<Fence, "signal" | "resized">;

/** Why a start was ended, and what `run` ends with. */
export interface Interrupted extends Problem {
  readonly exitCode: number;
}

/** What is heard. */
export interface Signals {
  /** Aborted, with an `Interrupted` as reason, by a signal that asks for the end before there is a fence to pass it to. */
  readonly early: AbortSignal;
  /** From here on they are this fence's, until it is closed; one that came too early for it, too. */
  follow(fence: Hearer): { close(): void };
  /** Hears nothing more. */
  close(): void;
}

/** Hears them from now on. A second one that comes too early is the end at once: something of the start may hang. */
export function hearSignals(): Signals {
  const early = new AbortController();
  let fence: Hearer | undefined;
  let missed: number | undefined;
  const heard = new Map<NodeJS.Signals, () => void>(FORWARDED.map((name) => [name, () => hear(name)]));
  heard.set("SIGWINCH", () => fence?.resized());
  const close = (): void => {
    for (const [name, handler] of heard) process.off(name, handler);
  };
  const hear = (name: (typeof FORWARDED)[number]): void => {
    const number = constants.signals[name];
    if (fence !== undefined) return fence.signal(number);
    if (!ENDING.some((ending) => ending === name)) return;
    if (missed !== undefined) {
      close();
      process.kill(process.pid, name);
      return;
    }
    missed = number;
    early.abort(interrupted(name, number));
  };
  for (const [name, handler] of heard) process.on(name, handler);
  return {
    early: early.signal,
    follow: (next) => {
      fence = next;
      if (missed !== undefined) next.signal(missed);
      return {
        close: () => {
          fence = undefined;
        },
      };
    },
    close,
  };
}

/** For a session whose keeper has the signals. */
export function noSignals(): Signals {
  const close = (): void => undefined;
  return { early: new AbortController().signal, follow: () => ({ close }), close };
}

/** Like `promise`, but rejects as soon as it is aborted, with the reason as the error's `problem`. */
export function unlessAborted<T>(early: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(Object.assign(new Error("interrupted"), { problem: early.reason as Interrupted }));
    if (early.aborted) stop();
    early.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => early.removeEventListener("abort", stop));
  });
}

function interrupted(name: string, number: number): Interrupted {
  return {
    code: "interrupted",
    message: `${name} came before the command ran and ended its start`,
    hint: "start it again",
    exitCode: 128 + number,
  };
}
