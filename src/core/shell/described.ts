// What one use of a program does, as the description says it.
import type { Effect } from "./facts.ts";

/** What the program does. */
export interface Described {
  readonly effects: readonly Effect[];
  readonly free: boolean;
  readonly readOnly: boolean;
  readonly fileCommand: boolean;
  readonly alsoKnownAs: readonly (readonly (string | undefined)[])[];
  readonly setsNames: readonly string[];
  readonly entersDirectory?: string;
}

/** The plainest description: nothing but its effects. */
export function describedAs(parts: Partial<Described>): Described {
  return { effects: [], free: false, readOnly: false, fileCommand: false, alsoKnownAs: [], setsNames: [], ...parts };
}
