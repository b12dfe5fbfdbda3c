// The session's time: it stands still while the session is paused, so that a pause over the weekend does not end what it keeps.

/** A timer that can stand still. */
export interface SessionClock {
  /** Milliseconds that have counted. */
  elapsed(): number;
  pause(): void;
  resume(): void;
  close(): void;
}

// setTimeout holds 2^31 ms at most; a longer rest is waited for in parts.
const LONGEST = 2 ** 31 - 1;

/** Calls `ring` once `ms` have counted. */
export function sessionClock(ms: number, ring: () => void): SessionClock {
  let counted = 0;
  let since: number | undefined = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const elapsed = (): number => counted + (since === undefined ? 0 : performance.now() - since);
  const wait = (): void => {
    const rest = ms - elapsed();
    timer = setTimeout(() => (ms - elapsed() > 1 ? wait() : ring()), Math.min(Math.max(rest, 0), LONGEST));
  };
  wait();
  return {
    elapsed,
    pause: () => {
      if (since === undefined) return;
      counted = elapsed();
      since = undefined;
      clearTimeout(timer);
    },
    resume: () => {
      if (since !== undefined) return;
      since = performance.now();
      wait();
    },
    close: () => clearTimeout(timer),
  };
}
