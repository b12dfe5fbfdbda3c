// How a live apply left a path of the host: what tells a later edit of a person from the session's own work, and new work of the session from
// what came already. Pure.
import type { Change, Entry } from "./change.ts";

/** What was put there; `null` for nothing. `made`: nothing stood there before, so it is the session's alone. */
export type LeftState = (Pick<Entry, "type" | "mode" | "digest" | "target"> & { readonly made?: true }) | null;

/** The state that a change brings. */
export function leftOf({ kind, after }: Pick<Change, "kind" | "after">): LeftState {
  if (kind === "delete" || after === undefined) return null;
  const { type, mode, digest, target } = after;
  return {
    ...{ type, mode },
    ...(digest === undefined ? {} : { digest }),
    ...(target === undefined ? {} : { target }),
    ...(kind === "add" ? { made: true as const } : {}),
  };
}

/** True when an entry is what was left. Of a mode the nine bits count. */
export function isLeft(entry: Entry | undefined, left: LeftState): boolean {
  if (entry === undefined || left === null) return entry === undefined && left === null;
  if (entry.type !== left.type) return false;
  if (entry.type === "link") return entry.target === left.target;
  if (((entry.mode ^ left.mode) & 0o777) !== 0) return false;
  return entry.type !== "file" || entry.digest === left.digest;
}
