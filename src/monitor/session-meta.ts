// What a run writes into its session's metadata: who, where, under which gate, and how it stands now.
import { dirname } from "node:path";
import type { Prepared } from "./prepare/prepare.ts";
import type { RunRequest } from "./request.ts";
import { type SessionMeta, thisSupervisor } from "./sessions.ts";

/** What changes while a session goes on. */
export type MetaNow = Pick<SessionMeta, "state" | "held" | "exitCode" | "paused">;

/** Secrets that appeared during a session. */
export interface LateSecrets {
  /** Paths that were to be hidden since the start, absolute: no change of the session's. */
  readonly asked: ReadonlySet<string>;
  /** Of these, those that could not be hidden. */
  readonly inSight: ReadonlySet<string>;
  /** What could not be promised, in words. */
  readonly notices: readonly string[];
}

/** The run whose metadata it is. */
export interface MetaParts {
  readonly id: string;
  readonly started: Date;
  readonly request: RunRequest;
  readonly prepared: Prepared;
  readonly late?: LateSecrets;
}

/** The metadata as of now; `holdAll` says why everything waits, if it does. */
export function metaOf(
  { id, started, request, prepared, late }: MetaParts,
  now: MetaNow,
  holdAll?: string,
): SessionMeta {
  return {
    id,
    workspace: prepared.workspace.root,
    ...prepared.shown,
    command: request.argv.map((text) => prepared.leaks.redactor().text(text)),
    ...(request.keeper === undefined || request.gateway !== undefined ? {} : { kept: true }),
    ...(request.gateway === undefined ? {} : { server: request.gateway.server }),
    startedAt: started.toISOString(),
    startedMs: started.getTime(),
    ...(now.state === "running" ? {} : { endedAt: new Date().toISOString() }),
    supervisor: thisSupervisor(),
    ...(prepared.cgroup === undefined ? {} : { groups: prepared.cgroup.procs.map((file) => dirname(file)) }),
    masked: [...prepared.plan.masked, ...prepared.untouchable, ...(late?.asked ?? [])],
    gate: {
      denied: prepared.unwritable,
      alsoProtected: prepared.alsoProtected,
      ...(holdAll === undefined ? {} : { holdAll }),
    },
    ...now,
  };
}
