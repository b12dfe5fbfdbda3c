// One command of the setup, from its record to its end: a whole fence, ended whole. What it says is shown on standard error, so that the standard
// output of `run` stays the agent's.
import { constants } from "node:os";
import { ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import type { Fence, FenceEvent, FenceExit, LaunchDeps, OnSeen } from "#sandbox";
import type { LimitHit } from "../limits/hit.ts";
import { cgroupHits, watchLimits } from "../limits/limits.ts";
import { notRecorded } from "../not-recorded.ts";
import type { Prepared } from "../prepare/prepare.ts";
import type { RunRequest } from "../request.ts";
import { lastingFolders, writtenFolders } from "../session-folders.ts";
import type { Signals } from "../signals.ts";
import type { PreparedSetup, SetupCommand } from "./setup-plan.ts";

/** What one needs of its session. */
export interface SetupFenceParts {
  readonly request: RunRequest;
  readonly prepared: Prepared;
  readonly setup: PreparedSetup;
  readonly bwrap: string;
  /** Marks its records as the setup's. */
  readonly append: Append;
  readonly onSeen: OnSeen;
  readonly stdio: LaunchDeps["stdio"];
  readonly signals: Signals;
  /** Of the session's time, what went before. */
  readonly usedMs: () => number;
  /** The fence that runs: whoever ends the session ends it. */
  readonly onFence: (fence: Fence) => void;
  readonly onHit: (hit: LimitHit) => void;
  readonly onEvent: (event: FenceEvent) => void;
}

/** Runs it. A fence that cannot be made is a Problem; a command that fails is an exit. */
export async function runSetupCommand(
  { text, plan }: SetupCommand,
  parts: SetupFenceParts,
): Promise<Result<FenceExit, Problem>> {
  const { append, prepared, request, setup } = parts;
  const started = append({ type: "exec.start", origin: "observed", data: { argv: [...plan.argv], cwd: plan.cwd } });
  started.catch(() => undefined); // told by launch
  const launched = await prepared.runtime.runtime.start(plan, {
    helper: request.installation.helper,
    bwrap: parts.bwrap,
    stdio: parts.stdio,
    cgroups: prepared.cgroup?.procs ?? [],
    scratch: prepared.paths.dir,
    mayRun: started.then(() => undefined, notRecorded),
    onEvent: parts.onEvent,
    onSeen: parts.onSeen,
  });
  if (!launched.ok) return launched;
  const fence = launched.value;
  parts.onFence(fence);
  const signals = parts.signals.follow(fence);
  const { limits } = prepared.policy.sandbox;
  const watch = watchLimits({
    helper: request.installation.helper,
    ...{ limits, usedMs: parts.usedMs() },
    cgroup: prepared.cgroup,
    folders: [...writtenFolders(prepared.paths), setup.folders.home, setup.folders.tmp],
    live: lastingFolders(plan, prepared.paths),
    holder: fence.pid,
    onHit: parts.onHit,
  });
  try {
    const exit = await fence.exited;
    for (const hit of cgroupHits(limits, prepared.cgroup)) parts.onHit(hit);
    const { code, signal } = exit;
    await append({
      type: "exec.exit",
      origin: "observed",
      data: { command: text, code, ...(signal === undefined ? {} : { signal }) },
    });
    return ok(exit);
  } finally {
    watch.close();
    signals.close();
  }
}

/** How an exit is said. */
export function exitText({ code, signal }: FenceExit): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return signal === undefined ? `exit ${code}` : `signal ${name ?? signal}`;
}
