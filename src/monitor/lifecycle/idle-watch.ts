// A session that nobody works in: no processor time to speak of, nothing typed or printed, nothing on record, no further command. After one time it is
// paused, after another it is ended (`sandbox.idle`); off where the policy says neither.
import type { Activity, Fence } from "#sandbox";

/** What is watched. */
export interface WatchedIdleness {
  readonly pauseMs?: number;
  readonly stopMs?: number;
  readonly fence: Pick<Fence, "activity">;
  /** Further commands that run. */
  readonly commands: () => number;
  readonly isPaused: () => boolean;
  readonly pause: () => Promise<unknown>;
  /** Called once, with how long nothing was done. */
  readonly stop: (idleMs: number) => void;
}

/** A watch that runs. */
export interface IdleWatch {
  /** Something was done. */
  touch(): void;
  close(): void;
}

/** Twenty looks in the time that counts, within these bounds. */
const LOOK_MS = { least: 250, most: 15_000 } as const;
/** A program that waits wakes up now and then: up to this share of one processor is no work. */
const QUIET_SHARE = 0.02;
const TICKS_PER_MS = 0.1; // USER_HZ is 100 on every Linux that node runs on

/** Starts the watch; does nothing when neither time is given. */
export function watchIdleness(watched: WatchedIdleness): IdleWatch {
  const { pauseMs, stopMs } = watched;
  const shortest = Math.min(pauseMs ?? Number.POSITIVE_INFINITY, stopMs ?? Number.POSITIVE_INFINITY);
  let since = performance.now();
  let closed = shortest === Number.POSITIVE_INFINITY;
  let before: { readonly activity: Activity; readonly at: number } | undefined;
  const touch = (): void => {
    since = performance.now();
  };
  const look = async (): Promise<void> => {
    const isHeld = watched.isPaused();
    if (watched.commands() > 0) touch();
    else if (!isHeld) {
      const activity = await watched.fence.activity();
      const at = performance.now();
      if (activity === undefined) return;
      if (before === undefined || isWork(before, { activity, at })) touch();
      before = { activity, at };
    }
    const idle = performance.now() - since;
    if (stopMs !== undefined && idle >= stopMs && !closed) {
      closed = true;
      watched.stop(idle);
    } else if (pauseMs !== undefined && idle >= pauseMs && !isHeld) await watched.pause();
  };
  const every = Math.min(LOOK_MS.most, Math.max(LOOK_MS.least, shortest / 20));
  const run = async (): Promise<void> => {
    while (!closed) {
      await new Promise<void>((done) => void setTimeout(done, every).unref());
      if (!closed) await look().catch(() => undefined); // a record that takes no more has ended the session
    }
  };
  void run();
  return {
    touch,
    close: () => {
      closed = true;
    },
  };
}

interface Sample {
  readonly activity: Activity;
  readonly at: number;
}

function isWork(before: Sample, now: Sample): boolean {
  if (now.activity.bytes !== before.activity.bytes) return true;
  const most = (now.at - before.at) * TICKS_PER_MS * QUIET_SHARE + 1;
  return Math.abs(now.activity.ticks - before.activity.ticks) > most;
}
