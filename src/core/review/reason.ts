// What the gate says of one change.
import type { Change } from "./change.ts";

/** Why a change waits: one stable word, and half a sentence for a person. */
export interface HoldReason {
  readonly code:
    | "protected-path"
    | "link-out"
    | "special-file"
    | "set-id"
    | "mass-deletion"
    | "host-moved"
    | "bad-name"
    | "denied-by-policy"
    | "masked"
    | "bare-repository"
    | "too-large"
    | "git-settings"
    | "git-moved"
    | "git-loss"
    | "git-together"
    | "only-held-inside"
    | "git-unverified"
    | "offered"
    | "asked"
    | `stopped-by-${string}`;
  readonly why: string;
}

/** One change and what the gate says. */
export interface Judged {
  readonly change: Change;
  /** Absent for a clean change. */
  readonly held?: HoldReason;
  /** Protected, but below a dependency folder, where packages bring their own: applied and listed. */
  readonly notice?: string;
}
