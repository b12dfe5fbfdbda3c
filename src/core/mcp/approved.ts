// What of a server's description may be served, and what is held.
import type { ServerDescription } from "./description.ts";
import type { Finding } from "./screen/finding.ts";

/** One definition that nobody has approved as it is now. */
export interface Held {
  readonly kind: "tool" | "prompt" | "resourceTemplate" | "instructions" | "capabilities";
  readonly name: string;
  /** `new`, `changed`, `duplicate`, `renamed`, `hard-finding`, …. */
  readonly why: string;
  readonly fields: readonly string[];
  readonly findings: readonly Finding[];
}

/** A description that has been compared with the lock. */
export interface Verified {
  /** Only what may be served. */
  readonly description: ServerDescription;
  readonly held: readonly Held[];
}
