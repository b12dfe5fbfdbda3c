// What a caller's session left on record, as `ringfence log show --json` tells it.
import type { Caller } from "./caller.ts";

/** One record; what every type has. */
export interface SessionRecord {
  readonly type: string;
  readonly session: string;
  readonly actor?: { readonly exe?: string; readonly pid?: number };
  readonly data: Readonly<Record<string, unknown>>;
}

/** The records of the caller's last session, those of `type` (`net.*`) where it is given. Empty where nothing was recorded. */
export function recordsOf(caller: Caller, type?: string): readonly SessionRecord[] {
  const only = type === undefined ? [] : ["--type", type];
  const { stdout } = caller.ringfence(["log", "show", "last", "--json", ...only], { cwd: "/" });
  return (JSON.parse(stdout) as { readonly records?: readonly SessionRecord[] }).records ?? [];
}
