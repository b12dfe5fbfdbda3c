// Watches what the kernel cannot end by itself: time, disk, and what a cgroup counted. Hitting one ends this session and no other (SAND-5).
import { execFile } from "node:child_process";
import type { Limits } from "#core/policy";
import type { Cgroup } from "#sandbox";

/** The limit that was hit, in the words of the policy file. */
export type LimitName = "timeout" | "memory" | "pids" | "disk" | "logBytes";

/** What the watch needs to look at. */
export interface Watched {
  readonly limits: Limits;
  readonly cgroup: Cgroup | undefined;
  /** Folders that count towards `disk`. */
  readonly folders: readonly string[];
  /** Called once, with the first limit hit. */
  readonly onHit: (limit: LimitName) => void;
}

const POLL_MS = 500;
const DISK_POLL_MS = 5_000;

/** Starts the watch; `close` ends it. */
export function watchLimits(watched: Watched): { close(): void } {
  let hit = false;
  const report = (limit: LimitName): void => {
    if (hit) return;
    hit = true;
    watched.onHit(limit);
  };
  const timers = [
    // setTimeout holds 2^31 ms at most; the policy's own maximum is far below.
    setTimeout(() => report("timeout"), Math.min(watched.limits.timeoutMs, 2 ** 31 - 1)),
    setInterval(() => {
      const hits = watched.cgroup?.hits();
      if (hits?.memory === true) report("memory");
      if (hits?.pids === true) report("pids");
    }, POLL_MS),
    setInterval(() => {
      diskUse(watched.folders, (bytes) => {
        if (bytes > watched.limits.diskBytes) report("disk");
      });
    }, DISK_POLL_MS),
  ];
  return { close: () => timers.forEach(clearTimeout) };
}

function diskUse(folders: readonly string[], then: (bytes: number) => void): void {
  // du(1) walks by descriptors, so no depth or name the agent chooses can confuse it.
  const du = ["/usr/bin/du", "-sxc", "--block-size=1", "--", ...folders];
  // As root of a user namespace it also sees into folders that the agent closed to their owner (`chmod 000`).
  const asOwner = ["/usr/bin/unshare", "--user", "--map-root-user", "--", ...du];
  const count = (argv: readonly string[], failed: () => void): void => {
    const [file = "", ...args] = argv;
    execFile(file, args, { env: { LC_ALL: "C" }, timeout: 60_000 }, (_, stdout) => {
      const total = /^(\d+)\ttotal$/m.exec(stdout)?.[1];
      if (total === undefined) failed();
      else then(Number(total));
    });
  };
  const plain = (): void => count(du, () => undefined);
  if (process.getuid?.() === 0) plain();
  else count(asOwner, plain);
}
