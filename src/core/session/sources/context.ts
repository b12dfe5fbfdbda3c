// What the sources of legs must be told of the session: places, hosts, and what the fence already makes harmless. Plain values.
import type { LegPolicy } from "../leg-policy.ts";

/** The world of one session, as far as legs care. Paths are absolute, without trailing slash. */
export interface LegContext {
  readonly root: string;
  readonly home: string;
  /** Whose the workspace's files are; `cloneOwner` answers what the policy's `auto` asks. */
  readonly workspace: "own" | "foreign";
  /** Folders that the session has made for itself and that vanish with it: in a fence its home and its `/tmp`. */
  readonly vanishing: readonly string[];
  /** True in a fence: the environment there holds no secret, only placeholders. */
  readonly contained: boolean;
  /** Hosts (`host`, `*.host`) that the session itself needs: its registries and its agent's model. Reading there sets no leg. */
  readonly serviceHosts: readonly string[];
  readonly policy: LegPolicy;
  /** Further names of a path: where its links lead. Paths are compared as written without it. */
  readonly resolve?: (path: string) => readonly string[];
}
