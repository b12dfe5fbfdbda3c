// How often a person may be asked (APP-2): a token bucket. Who is asked too often stops reading, and that is an attack as well.

/** The bucket's size and how fast it fills. */
export interface PromptBudget {
  readonly burst: number;
  readonly everyMs: number;
}

/** Five in a row, then one each half minute. */
export const PROMPT_BUDGET: PromptBudget = { burst: 5, everyMs: 30_000 };

/** The bucket. */
export interface PromptBucket {
  readonly tokens: number;
  /** When it was counted; milliseconds of the epoch. */
  readonly at: number;
}

/** A full bucket. */
export function fullBucket(budget: PromptBudget, now: number): PromptBucket {
  return { tokens: budget.burst, at: now };
}

/** Takes one prompt out, if there is one. A clock that goes backwards fills nothing. */
export function takePrompt(
  bucket: PromptBucket,
  budget: PromptBudget,
  now: number,
): { readonly granted: boolean; readonly bucket: PromptBucket } {
  const passed = Math.max(0, now - bucket.at);
  const tokens = Math.min(budget.burst, bucket.tokens + passed / budget.everyMs);
  return tokens >= 1
    ? { granted: true, bucket: { tokens: tokens - 1, at: now } }
    : { granted: false, bucket: { tokens, at: now } };
}
