// What a policy says that it may not mean: rules that grant far more than they seem to (lint-broad.ts), that can never do what they are
// there for (lint-shadow.ts), and denies that are only a courtesy (DESIGN 7). Findings, not errors: the policy holds as written.
import type { Problem } from "../result.ts";
import { broadAllow, broadPaths, broadWords } from "./lint-broad.ts";
import {
  broadCredentials,
  brokenCredentials,
  secretsInEnvironment,
  undescribedCredentials,
} from "./lint-credentials.ts";
import { broadNetwork } from "./lint-network.ts";
import { courtesyDeny, duplicates, neverAllows, neverMatches, shadowed } from "./lint-shadow.ts";
import type { LoadedPolicy } from "./load.ts";
import type { CompiledRules, Places } from "./rules.ts";

/** Findings in the order of what they are about: allow rules, denies, all rules, network, fence, mode. */
export function lintPolicy(
  { policy, merged }: Pick<LoadedPolicy, "policy" | "merged">,
  rules: CompiledRules,
  places: Places,
): readonly Problem[] {
  const { network, filesystem } = policy.sandbox;
  return [
    ...rules.allow.flatMap((rule) => [
      ...broadAllow(rule, places),
      ...shadowed(rule, "allow", rules),
      ...neverAllows(rule, places),
    ]),
    ...rules.ask.flatMap((rule) => shadowed(rule, "ask", rules)),
    ...rules.deny.flatMap(courtesyDeny),
    ...[...rules.allow, ...rules.ask, ...rules.deny].flatMap(neverMatches),
    ...duplicates(rules),
    ...network.allow.flatMap(broadNetwork),
    ...[...filesystem.allowRead, ...filesystem.allowWrite].flatMap((path) => broadPaths(path, places)),
    ...secretsInEnvironment(merged),
    ...brokenCredentials(policy.credentials),
    ...broadCredentials(policy.credentials),
    ...undescribedCredentials(policy),
    ...broadWords(merged),
  ];
}
