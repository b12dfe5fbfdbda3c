// Whose TLS is read (NET-5), decided from the rules and from who else wants to read. Pure.
import { covers } from "./grammar.ts";
import { isNarrowed, needsReading } from "./request.ts";
import type { EgressPlan } from "./rule.ts";

/** `cannot`: it must be read and is excepted, so it is refused; never passed unread. */
export type Reading = "yes" | "no" | "cannot";

/** One place that a program asked for. */
export interface ReadingPlace {
  readonly host: string;
  readonly port: number;
}

/** Who wants to read besides the rules: `must` a credential that is injected there, `may` the search for secrets. */
export interface ReadingWishes {
  readonly must: boolean;
  readonly may: boolean;
}

/** Decides it for one host and port. */
export function readingOf(plan: EgressPlan, { host, port }: ReadingPlace, wishes: ReadingWishes): Reading {
  const must = wishes.must || needsReading(plan, host, port);
  if (plan.inspectExcept.some((pattern) => covers(pattern, host))) return must ? "cannot" : "no";
  return must || plan.inspect === "all" || (plan.inspect === "auto" && wishes.may) ? "yes" : "no";
}

/** True when the rules alone make a session read anything: its programs must then be told of the authority before they start. */
export function readsByRule(plan: EgressPlan): boolean {
  return plan.inspect === "all" || [...plan.allow, ...plan.deny].some(isNarrowed);
}
