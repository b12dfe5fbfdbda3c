// Where real values come from: each kind in a bounded time, each answering a secret or the reason there is none.
import type { Problem, Result } from "#core";
import type { Secret } from "../secret.ts";
import type { Reach } from "./ask.ts";

/** What a source may know of the caller. */
export interface SourceDeps {
  /** The caller's environment: read by name only. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** No value is read from a file in there: the agent reads it too. */
  readonly workspace: string;
  readonly session: string;
  readonly now: () => number;
  /** The way to servers where the person's network has a proxy of its own. */
  readonly reach?: Reach | undefined;
}

/** One opened source. */
export interface Source {
  /** The value as it is now; asked again before it expires. */
  fetch(): Promise<Result<Secret, Problem>>;
  /** Ends what `fetch` was given, where the source can. The problem is why it goes on living. */
  revoke?(): Promise<Problem | undefined>;
}
