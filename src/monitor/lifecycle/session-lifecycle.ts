// The lifecycle of one running session: its limits, pauses, idleness, snapshots, and who is told of them. The session itself only starts and ends it.
import { err, ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import type { Policy } from "#core/policy";
import type { Cgroup, Fence, FenceEvent } from "#sandbox";
import type { LifecycleRequest } from "../exec/exec-wire.ts";
import type { LimitHit } from "../limits/hit.ts";
import { watchLimits } from "../limits/limits.ts";
import type { SessionMeta } from "../sessions.ts";
import type { Announcer } from "./announcer.ts";
import { watchIdleness } from "./idle-watch.ts";
import { Pauser } from "./pauser.ts";
import { type SnapshotMeta, type SnapshotWish, takeSnapshot } from "./snapshots.ts";

/** What it needs of the session. */
export interface LifecycleParts {
  readonly stateDir: string;
  readonly helper: string;
  readonly sandbox: Policy["sandbox"];
  /** Of the session's time, what its setup took. */
  readonly usedMs: number;
  readonly fence: Fence;
  readonly cgroup: Cgroup | undefined;
  /** The session's own folders: everything in them counts towards `disk`. */
  readonly folders: readonly string[];
  /** What was there before and is written live. */
  readonly live: readonly string[];
  readonly append: Append;
  readonly announcer: Announcer | undefined;
  /** Further commands that run. */
  readonly commands: () => number;
  /** The metadata as of now, with the pause if there is one; and where it is written. */
  readonly meta: (paused?: SessionMeta["paused"]) => SessionMeta;
  readonly writeMeta: (meta: SessionMeta) => void;
  readonly tell: (line: string) => void;
  /** Called once. */
  readonly onHit: (hit: LimitHit) => void;
}

/** A lifecycle that runs. */
export interface SessionLifecycle {
  event(event: FenceEvent): void;
  /** Something was put on record: the session is at work. */
  touch(): void;
  /** Carries out what a person asks for. */
  request(request: LifecycleRequest): Promise<Result<{ readonly snapshot?: SnapshotMeta }, Problem>>;
  /** Before a further command: ends a pause for idleness; a person's own is said. */
  wake(): Promise<Problem | undefined>;
  close(): void;
}

/** Starts it: the session's time runs from here. */
export function openLifecycle(parts: LifecycleParts): SessionLifecycle {
  const { announcer, append, cgroup, fence, sandbox, tell } = parts;
  const goOn = (): string => `ringfence sessions resume ${parts.meta().id}`;
  let over = false;
  const onHit = (hit: LimitHit): void => {
    over = true;
    parts.onHit(hit);
  };
  const watch = watchLimits({
    ...{ helper: parts.helper, limits: sandbox.limits, usedMs: parts.usedMs, cgroup, folders: parts.folders },
    ...{ live: parts.live, holder: fence.pid },
    onHit,
  });
  const pauser = new Pauser({
    ...{ fence, append, freezer: cgroup?.freezer, clock: watch.clock },
    changed: (pause, before) => {
      if (pause === undefined) idle.touch();
      parts.writeMeta(parts.meta(pause));
      if ((pause ?? before)?.by === "snapshot") return; // over in a moment, and told as what it is
      tell(pause === undefined ? "the session goes on" : `paused (${pause.by}): ${goOn()}`);
      if (pause === undefined) announcer?.tell("resumed");
      else announcer?.tell("paused", { by: pause.by, how: pause.how });
    },
  });
  const idle = watchIdleness({
    ...sandbox.idle,
    ...{ fence, commands: parts.commands, isPaused: () => pauser.paused !== undefined },
    pause: () => pauser.pause("idle"),
    stop: (idleMs) => onHit({ limit: "idle", most: sandbox.idle.stopMs ?? idleMs, value: idleMs }),
  });
  const wakeUp = (by: string): void => void pauser.resume(by, ["idle"]).catch(() => undefined); // a record that takes no more has ended the session
  const snapshot = async (wish: SnapshotWish): Promise<Result<SnapshotMeta, Problem>> => {
    const paused = await pauser.pause("snapshot");
    if (!paused.ok) return paused;
    try {
      const taken = await takeSnapshot(parts, parts.meta(), wish);
      if (!taken.ok) return taken;
      const { bytes, files, name } = taken.value;
      await append({
        type: "lifecycle.snapshot",
        origin: "observed",
        data: { name, bytes, files, digests: { ...taken.value.parts } },
      });
      announcer?.tell("snapshot", { name, bytes, files });
      return taken;
    } finally {
      await pauser.resume("snapshot", ["snapshot"]);
    }
  };
  return {
    event: (event) => {
      if (event.kind === "input") wakeUp("input");
    },
    touch: () => {
      idle.touch();
      if (pauser.paused?.by === "idle" && !over) wakeUp("work");
    },
    async request(request) {
      if (request.op === "pause") {
        const paused = await pauser.pause("person");
        return paused.ok ? ok({}) : paused;
      }
      if (request.op === "resume") {
        await pauser.resume("person");
        return ok({});
      }
      const taken = await snapshot(request);
      return taken.ok ? ok({ snapshot: taken.value }) : taken;
    },
    async wake() {
      await pauser.resume("exec", ["idle"]);
      if (pauser.paused?.by !== "person") return undefined;
      const message = "the session is paused";
      return { code: "session-paused", message, hint: `let it go on first: \`${goOn()}\`` };
    },
    close: () => {
      over = true;
      idle.close();
      watch.close();
    },
  };
}

/** A session that is asked before it runs. */
export const NOT_YET: Result<never, Problem> = err({
  code: "session-starting",
  message: "the session is still starting",
  hint: "try again in a moment",
});
