// Trying again: later each time, for as long as it may help.
import { setTimeout as sleep } from "node:timers/promises";
import { retryDelay } from "#core/log/export";

/** How a try ended. `busy` may go better later, `refused` not. */
export type Tried =
  | { readonly kind: "taken" }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "busy"; readonly why: string; readonly askedMs?: number };

/** How often and by what chance. */
export interface Patience {
  /** Repetitions before it is given up. */
  readonly retries: number;
  /** Jitter, in [0, 1). */
  readonly random: () => number;
  /** Told when a try failed and another follows. */
  readonly onRetry?: (why: string, delayMs: number) => void;
}

/** Tries until it is taken, refused, or given up; the last try's end, and how many there were. */
export async function tryAgain(
  once: () => Promise<Tried>,
  { retries, random, onRetry }: Patience,
  signal: AbortSignal,
): Promise<{ readonly tried: Tried; readonly tries: number }> {
  for (let tries = 1; ; tries++) {
    const tried = await once();
    if (tried.kind !== "busy" || tries > retries || signal.aborted) return { tried, tries };
    const delayMs = retryDelay(tries, random(), tried.askedMs);
    onRetry?.(tried.why, delayMs);
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return { tried, tries };
  }
}

/** `: why`, and after how many tries when that says something. */
export function triedText(tried: Exclude<Tried, { kind: "taken" }>, tries: number): string {
  return tried.kind === "busy" && tries > 1 ? `${tried.why}, ${tries} times` : tried.why;
}
