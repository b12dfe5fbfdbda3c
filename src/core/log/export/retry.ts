// How long to wait before sending again: longer each time, by chance within a range, so that many exporters do not come back together; what
// the receiver asks for goes first.

/** First wait at most; doubled each time. */
const BASE_MS = 500;

/** No wait of ours is longer. */
const CEILING_MS = 30_000;

/** A receiver may ask for this much at most. */
export const RETRY_AFTER_MOST_MS = 600_000;

/** Milliseconds before try number `attempt` (1 is the first repetition). `random` is in [0, 1). */
export function retryDelay(attempt: number, random: number, askedMs?: number): number {
  const range = Math.min(CEILING_MS, BASE_MS * 2 ** Math.min(attempt - 1, 16));
  const own = range / 2 + (range / 2) * random;
  return Math.round(Math.max(own, Math.min(askedMs ?? 0, RETRY_AFTER_MOST_MS)));
}

/** Milliseconds of a Retry-After header (RFC 9110, 10.2.3): seconds, or a date, of which the caller says how far off it is. */
export function retryAfterMs(header: string | undefined, untilDate: (text: string) => number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^[0-9]{1,9}$/.test(text)) return Number(text) * 1000;
  const until = untilDate(text);
  return Number.isFinite(until) ? Math.max(until, 0) : undefined;
}
