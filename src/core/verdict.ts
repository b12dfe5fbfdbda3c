// The three verdicts and their order. Combining takes the strictest, so a forgotten case can only tighten (DESIGN 1).

/** `allow` < `ask` < `deny`. */
export type Verdict = "allow" | "ask" | "deny";

const SEVERITY = { allow: 0, ask: 1, deny: 2 } as const;

/** The strictest of several verdicts. No parts at all is malformed and therefore `deny`. */
export function strictest(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce<Verdict>((a, b) => (SEVERITY[a] >= SEVERITY[b] ? a : b), verdicts[0] ?? "deny");
}

/** True when `a` is at least as strict as `b`. */
export function atLeast(a: Verdict, b: Verdict): boolean {
  return SEVERITY[a] >= SEVERITY[b];
}
