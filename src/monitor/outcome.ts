// What a session came to, put together from its parts (core/session/outcome.ts).
import type { Outcome, PromptTally } from "#core/session";
import type { Egress } from "#egress";
import type { Finished } from "./changes/finish.ts";
import type { MetaParts } from "./session-meta.ts";

/** Everything it is made of. */
export interface OutcomeParts extends MetaParts {
  readonly exitCode: number;
  readonly limit: string | undefined;
  readonly finished: Finished;
  readonly network: ReturnType<Egress["summary"]>;
  readonly prompts: PromptTally | undefined;
  readonly refusedPaths: readonly string[];
  /** What went wrong after the record was closed, in words. */
  readonly lastNotices: readonly string[];
  readonly log: { readonly dir: string; readonly size: number; readonly root: string; readonly problem?: string };
}

/** The outcome, as of now. */
export function outcomeOf(parts: OutcomeParts): Outcome {
  const { finished, log, network, prepared, prompts } = parts;
  const { root } = prepared.workspace;
  const late = [...(parts.late?.asked ?? [])].filter((path) => parts.late?.inSight.has(path) !== true);
  return {
    session: parts.id,
    exitCode: parts.exitCode,
    ...(parts.limit === undefined ? {} : { limit: parts.limit }),
    durationMs: Date.now() - parts.started.getTime(),
    workspace: { root, kind: prepared.shown.kind },
    runtime: prepared.runtime.shown,
    applied: finished.applied,
    held: finished.held,
    notices: [
      ...finished.notices,
      ...prepared.notices,
      ...(parts.late?.notices ?? []),
      ...(log.problem === undefined ? [] : [log.problem]),
      ...parts.lastNotices,
    ],
    reached: network.allowed.map(({ host, port, count }) => ({ host, port, count })),
    refused: network.blocked,
    refusedPaths: parts.refusedPaths,
    exposed: prepared.exposed,
    untrusted: prepared.untrusted,
    masked: [...prepared.plan.masked, ...late].map((path) => path.slice(root.length + 1)),
    ...(prompts === undefined ? {} : { prompts }),
    limits: prepared.limits,
    log: { dir: log.dir, size: log.size, root: log.root },
  };
}
