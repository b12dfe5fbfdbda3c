// What is looked for in what leaves (NET-9): the session's secrets by value, each with the name that a person knows it by.

/** One of them. The name may be shown to anybody; the value never leaves the memory of the supervisor. */
export interface LeakSecret {
  /** `.env:API_KEY`, a credential's name, `canary:aws`. */
  readonly name: string;
  readonly value: Uint8Array;
  /** A planted one: nobody has a use for it, so seeing it is an alarm. */
  readonly isCanary?: boolean;
  /**
   * From how many bytes of it, in one request, it counts as seen: all of a short one, half of a longer one where nothing is said. Key material,
   * which resembles nothing, says less.
   */
  readonly enough?: number;
}

/** Shorter ones are words, and words are said by everybody. */
export const SHORTEST = 8;

const PART = 16;

/** How many bytes of a secret are as good as all of it. */
export function enoughOf({ value, enough }: Pick<LeakSecret, "value" | "enough">): number {
  const { length } = value;
  return Math.min(length, enough ?? Math.max(PART, Math.ceil(length / 2)));
}
