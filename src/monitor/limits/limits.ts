// Watches what the kernel cannot end by itself: time, disk, and what a cgroup counted. Hitting one ends this session and no other (SAND-5).
import type { Limits } from "#core/policy";
import type { Cgroup } from "#sandbox";
import { watchDisk } from "./disk-watch.ts";
import type { LimitHit } from "./hit.ts";
import { type SessionClock, sessionClock } from "./session-clock.ts";

/** What the watch needs to look at. */
export interface Watched {
  readonly helper: string;
  readonly limits: Limits;
  /** Of the session's time, what went before. */
  readonly usedMs: number;
  readonly cgroup: Cgroup | undefined;
  /** The session's own folders: everything in them counts towards `disk`. */
  readonly folders: readonly string[];
  /** What was there before and is written live: what it grew by counts. */
  readonly live: readonly string[];
  /** The fence's process. */
  readonly holder: number;
  /** Called once, with the first limit hit. */
  readonly onHit: (hit: LimitHit) => void;
}

/** A watch that runs. */
export interface LimitWatch {
  /** The session's time, for whoever pauses it. */
  readonly clock: Pick<SessionClock, "pause" | "resume">;
  close(): void;
}

const POLL_MS = 500;

/** Starts the watch. */
export function watchLimits(watched: Watched): LimitWatch {
  const { cgroup, limits } = watched;
  let hit = false;
  const report = (one: LimitHit): void => {
    if (hit) return;
    hit = true;
    watched.onHit(one);
  };
  const clock = sessionClock(Math.max(1, limits.timeoutMs - watched.usedMs), () =>
    report({ limit: "timeout", most: limits.timeoutMs }),
  );
  const poll = setInterval(() => cgroupHits(limits, cgroup).forEach(report), POLL_MS);
  const disk = watchDisk({
    helper: watched.helper,
    own: watched.folders,
    live: watched.live,
    holder: watched.holder,
    most: { bytes: limits.diskBytes, files: limits.files },
    onHit: report,
  });
  const close = (): void => {
    clock.close();
    clearInterval(poll);
    disk.close();
  };
  return { clock, close };
}

/** What the cgroup has counted so far. A bomb can be over before the watch looks, so this is asked at the end as well. */
export function cgroupHits(limits: Limits, cgroup: Cgroup | undefined): readonly LimitHit[] {
  const hits = cgroup?.hits();
  return [
    ...(hits?.memory === true ? [{ limit: "memory", most: limits.memoryBytes } as const] : []),
    ...(hits?.pids === true ? [{ limit: "pids", most: limits.pids } as const] : []),
  ];
}
