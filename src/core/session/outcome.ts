// What a session came to, as data: `run --json` prints it, `summaryLines` tells it to a person.
import type { PromptTally } from "./prompt-tally.ts";

/** One destination and how often. */
export interface HostCount {
  readonly host: string;
  readonly port: number;
  readonly count: number;
}

/** A change that waits for a person, with the reason code of the gate. */
export interface HeldChange {
  readonly path: string;
  readonly reason: string;
}

/** One limit, its most, and what holds it, in words. */
export interface LimitHolder {
  readonly limit: string;
  readonly most: number;
  readonly by: string;
}

/** Where it ran, and which features of a session do not hold there, each with the reason. */
export interface RuntimeOutcome {
  readonly name: string;
  readonly isolation: string;
  readonly lacks: Readonly<Record<string, string>>;
}

/** The whole outcome of one session. */
export interface Outcome {
  readonly session: string;
  readonly exitCode: number;
  /** The limit that ended it, if one did. */
  readonly limit?: string;
  readonly durationMs: number;
  readonly workspace: {
    readonly root: string;
    readonly kind: "overlay" | "direct" | "worktree" | "clone" | "read-only";
  };
  readonly runtime: RuntimeOutcome;
  readonly applied: readonly string[];
  readonly held: readonly HeldChange[];
  /** Changes below dependency folders that are listed rather than held. */
  readonly notices: readonly string[];
  readonly reached: readonly HostCount[];
  readonly refused: readonly (HostCount & { readonly reason: string; readonly hint: string })[];
  /** Protected names refused live in a `direct` workspace. */
  readonly refusedPaths: readonly string[];
  /** Names whose real value was let into the environment. */
  readonly exposed: readonly string[];
  /** Entries of files in the workspace that loosen and were not accepted yet. */
  readonly untrusted: readonly string[];
  readonly masked: readonly string[];
  /** The questions that a person was asked (APP-2). */
  readonly prompts?: PromptTally;
  /** What holds each limit on this machine. */
  readonly limits: readonly LimitHolder[];
  readonly log: { readonly dir: string; readonly size: number; readonly root: string };
}
