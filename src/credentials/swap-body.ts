// Placeholders in a request's body, where the policy says that the value may stand there (`inject.body`): swapped as the body passes.
import type { Body } from "./exchange.ts";
import { scrubberOf } from "./scrub.ts";

/** Swaps them, as they are and percent-encoded. */
export function bodySwap(pairs: readonly { readonly from: string; readonly to: string }[]): Body {
  return scrubberOf(
    pairs.map(({ from, to }) => ({ real: from, placeholder: to })),
    "as-sent",
  ).body();
}
