// Rules that can only be kept by reading, on hosts that nobody may read: a policy that contradicts itself is told so before anything runs. Pure.
import type { Problem } from "../result.ts";
import { covers } from "./grammar.ts";
import { isNarrowed, mustBeRead, needsReading } from "./request.ts";
import type { EgressPlan, EgressRule, HostPattern } from "./rule.ts";

/** One problem for each rule that cannot be kept. */
export function unreadable(plan: Omit<EgressPlan, "maxConnections">): readonly Problem[] {
  const rules = [...plan.allow.filter(mustBeRead), ...plan.deny.filter(isNarrowed)];
  return rules.flatMap((rule) => {
    const except = plan.inspectExcept.find((pattern) => meet(rule, pattern) && isNeeded(plan, rule, pattern));
    if (except === undefined) return [];
    const name = except.wildcard ? `*.${except.host}` : except.host;
    return [
      {
        code: "network-unreadable",
        message: `\`${rule.text}\` limits what may be said to a host that \`inspectExcept: ${name}\` keeps unread`,
        at: rule.at,
        hint: "take the host out of `inspectExcept`, or the limits out of the rule",
      },
    ];
  });
}

/** True when some name is covered by both. */
function meet(a: HostPattern, b: HostPattern): boolean {
  return covers(a, b.host) || covers(b, a.host) || (a.host === b.host && a.wildcard === b.wildcard);
}

/** Plain HTTP is read without ending any TLS, and where another rule opens the host whole nothing has to be read. */
function isNeeded(plan: Omit<EgressPlan, "maxConnections">, rule: EgressRule, pattern: HostPattern): boolean {
  const ports = rule.ports.length > 0 ? rule.ports : [443];
  const full = { ...plan, maxConnections: 1 };
  return ports.some((port) => port !== 80 && (pattern.wildcard || needsReading(full, pattern.host, port)));
}
