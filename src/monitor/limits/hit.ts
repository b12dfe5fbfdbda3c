// A limit that was hit, as it is recorded, told and kept in the session's metadata.
import type { Append } from "#core/log";

/** The limit, in the words of the policy file; `secrets`: one appeared that cannot be hidden, and `why` says which. */
export type LimitName =
  | "timeout"
  | "idle"
  | "memory"
  | "pids"
  | "disk"
  | "files"
  | "logBytes"
  | "eventRate"
  | "secrets";

/** What was reached, and what was seen where that can be counted. Milliseconds, bytes or pieces, as the limit is. */
export interface LimitHit {
  readonly limit: LimitName;
  readonly most?: number;
  readonly value?: number;
  /** Where the plain sentence would not say why. */
  readonly why?: string;
}

/** The sentence that the agent and the person read. */
export function hitText(hit: LimitHit): string {
  const { limit, most, value, why } = hit;
  if (limit === "secrets" && why !== undefined) return why;
  const sentence = `the ${limit} limit of this session is reached`;
  if (why !== undefined) return `${sentence} (${why})`;
  if (most === undefined) return sentence;
  const of = amount(limit, most);
  return value === undefined || amount(limit, value) === of
    ? `${sentence} (${of})`
    : `${sentence} (${amount(limit, value)} of ${of})`;
}

/** Puts it on record; the last words of a full log may hold it. */
export function recordHit(append: Append, { limit, most, value, why }: LimitHit): Promise<number> {
  const data = {
    ...{ limit },
    ...(most === undefined ? {} : { most: Math.round(most) }),
    ...(value === undefined ? {} : { value: Math.round(value) }),
    ...(why === undefined ? {} : { why }),
  };
  return append({ type: "limit.hit", origin: "observed", data });
}

const BYTES: ReadonlySet<LimitName> = new Set(["memory", "disk", "logBytes"]);

function amount(limit: LimitName, value: number): string {
  if (BYTES.has(limit)) return bytesText(value);
  if (limit === "timeout" || limit === "idle") return `${Math.round(value / 100) / 10} s`;
  return limit === "eventRate" ? `${Math.round(value)} a second` : String(Math.round(value));
}

/** `512 MB`, `4.5 GB`: powers of 1024, as the policy counts. */
export function bytesText(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 2 ** (10 * step);
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}
