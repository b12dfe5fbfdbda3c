// `sandbox` of the policy for agents that have walls: paths, and hosts with their ports.
import { splitPort } from "../../net/grammar.ts";
import type { LoadedPolicy } from "../load.ts";
import type { NetworkRuleText } from "../policy.ts";
import { patternOf, type Report, rulesOf } from "./native.ts";

/** The paths of the policy, in its own spelling with every anchor resolved. */
export interface WallPaths {
  readonly denyRead: readonly string[];
  readonly allowRead: readonly string[];
  readonly denyWrite: readonly string[];
  readonly allowWrite: readonly string[];
}

/** `sandbox.filesystem` with what the permission denies add (DESIGN 7 rule 9), when `rules` is wanted. */
export function wallPaths(loaded: LoadedPolicy, rules: boolean): WallPaths {
  const { filesystem } = loaded.policy.sandbox;
  const denied = (...tools: readonly string[]): readonly string[] =>
    rulesOf(loaded).flatMap(({ list, rule, at }) =>
      rules && list === "deny" && tools.includes(rule.tool) && "specifier" in rule && rule.specifier !== undefined
        ? [patternOf(rule.specifier, at.file)]
        : [],
    );
  const own = (paths: typeof filesystem.denyRead): readonly string[] =>
    paths.map(({ text, at }) => patternOf(text, at.file));
  return {
    denyRead: [...new Set([...own(filesystem.denyRead), ...denied("Read")])],
    allowRead: own(filesystem.allowRead),
    denyWrite: [...new Set([...own(filesystem.denyWrite), ...denied("Edit", "Write")])],
    allowWrite: own(filesystem.allowWrite),
  };
}

/** A pattern as tools spell it that know absolute paths by one slash. */
export function plainPath(pattern: string): string {
  return pattern.startsWith("//") ? pattern.slice(1) : pattern;
}

/** A pattern for tools without "a bare name at any depth". */
export function anyDepth(pattern: string): string {
  return /^[^/~.][^/]*$/.test(pattern) || /^\.[^/]+$/.test(pattern) ? `**/${pattern}` : plainPath(pattern);
}

/** Hosts to allow, each with its port, and hosts to deny. What no host list can hold is said. */
export function wallHosts(
  { policy }: LoadedPolicy,
  report: Report,
): { readonly allow: readonly string[]; readonly deny: readonly string[] } {
  const { network } = policy.sandbox;
  const plain = (rule: NetworkRuleText, key: string): boolean => {
    const why = rule.text.startsWith("preset:")
      ? "a preset takes its hosts from this machine: left out; name the hosts"
      : [rule.methods, rule.paths, rule.protocols, rule.programs].some((limit) => limit !== undefined)
        ? "hosts are open or closed as a whole there: left out"
        : undefined;
    if (why !== undefined) report.say(`${key}: ${rule.text}`, rule.at, why);
    return why === undefined;
  };
  for (const entry of network.allowPrivate)
    report.say(`sandbox.network.allowPrivate: ${entry.host}`, entry.at, "addresses are not looked at there");
  return {
    allow: [
      ...new Set(
        network.allow
          .filter((rule) => plain(rule, "sandbox.network.allow"))
          .flatMap(({ text }) => (splitPort(text).port === undefined ? [`${text}:443`, `${text}:80`] : [text])),
      ),
    ],
    deny: [...new Set(network.deny.filter((rule) => plain(rule, "sandbox.network.deny")).map(({ text }) => text))],
  };
}
