// The freezer of cgroups version 2 (cgroups(7), `cgroup.freeze`): what runs inside stands still and cannot tell, nor end it. Only the command's own
// processes go in; the helper stays outside, because it is what ends the fence when its supervisor dies. Version 1's freezer is not used: a process
// that it holds cannot be killed, so it would outlive its supervisor.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The freezer of one session. */
export interface Freezer {
  /** Freezes everything inside the fence, `levels` pid namespaces below this one. False when it did not come to stand still: then nothing is frozen. */
  freeze(levels: number): Promise<boolean>;
  thaw(): void;
  /** Thaws, and removes the group if it is empty. Idempotent. */
  close(): void;
}

/** Looks in a row that find nobody left to move. */
const QUIET_LOOKS = 2;
const FREEZE_MS = 3_000;

/** The freezer below a session's group, made when it is first used; `group` is a folder of the version 2 tree. */
export function freezerOf(group: string): Freezer {
  const inside = join(group, "inside");
  const set = (frozen: 0 | 1): boolean => put(join(inside, "cgroup.freeze"), String(frozen));
  const thaw = (): void => void set(0);
  return {
    async freeze(levels) {
      try {
        mkdirSync(inside, { recursive: true });
      } catch {
        return false;
      }
      if (!set(1)) return false;
      const deadline = performance.now() + FREEZE_MS;
      for (let quiet = 0; performance.now() < deadline; ) {
        // Who is moved in stands still at once, so it makes no more children: this ends.
        const moved = processesInside(group, levels).filter((pid) => put(join(inside, "cgroup.procs"), pid));
        quiet = moved.length === 0 ? quiet + 1 : 0;
        if (quiet >= QUIET_LOOKS && isFrozen(inside)) return true;
        await sleep(quiet === 0 ? 0 : 5);
      }
      thaw();
      return false;
    },
    thaw,
    close() {
      thaw();
      try {
        rmdirSync(inside);
      } catch {
        // never made, or still emptying: removed with the group at the next start
      }
    },
  };
}

/** Processes of the group so far below: bubblewrap stands in our pid namespace, the helper in the first below it, the command in the second. */
function processesInside(group: string, levels: number): readonly string[] {
  const depth = namespaceDepth("self") + levels;
  return read(join(group, "cgroup.procs"))
    .split("\n")
    .filter((pid) => pid !== "" && pid !== "0" && namespaceDepth(pid) >= depth);
}

function namespaceDepth(pid: string): number {
  const [, numbers = ""] = /^NSpid:\s+(.*)$/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return numbers === "" ? 0 : numbers.split(/\s+/).length;
}

function isFrozen(group: string): boolean {
  return /^frozen 1$/m.test(read(join(group, "cgroup.events")));
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it has ended
  }
}

function put(file: string, text: string): boolean {
  try {
    writeFileSync(file, text);
    return true;
  } catch {
    return false;
  }
}
