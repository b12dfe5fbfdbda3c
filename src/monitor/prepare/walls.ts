// Denies of file and web tools also become walls of the fence (DESIGN 7.9); an allow never widens it. Pure.
import { type Policy, parseRule } from "#core/policy";

/** What the permission denies add to the sandbox part of the policy. Patterns keep the spelling of rules. */
export interface Walls {
  /** `Read(…)` denies and `filesystem.denyRead`: not there. */
  readonly unreadable: readonly string[];
  /** `Edit(…)`, `Write(…)` denies and `filesystem.denyWrite`: held at the gate, refused live in `direct`. */
  readonly unwritable: readonly string[];
  /** `WebFetch(domain:…)` denies, as network rules. */
  readonly unreachable: Policy["sandbox"]["network"]["deny"];
}

/** Collects them. Rules were parsed at load; one that no longer parses is a bug, not a loosening, so it throws. */
export function wallsOf(policy: Policy): Walls {
  const rules = policy.permissions.deny.map((rule) => {
    const parsed = parseRule(rule.text);
    if (!parsed.ok) throw new Error(`unparsed rule in a loaded policy: ${rule.text}`);
    return { rule: parsed.value, at: rule.at };
  });
  const specifiers = (...tools: readonly string[]): readonly string[] =>
    rules.flatMap(({ rule }) =>
      "specifier" in rule && rule.specifier !== undefined && tools.includes(rule.tool) ? [rule.specifier] : [],
    );
  return {
    unreadable: [...policy.sandbox.filesystem.denyRead.map((path) => path.text), ...specifiers("Read")],
    unwritable: [
      ...policy.sandbox.filesystem.denyWrite.map((path) => path.text),
      ...specifiers("Edit", "Write", "Read"),
    ],
    unreachable: [
      ...policy.sandbox.network.deny,
      ...rules.flatMap(({ rule, at }) => {
        if (rule.tool !== "WebFetch") return [];
        const domain = rule.domain ?? "*";
        return [{ text: domain, at }];
      }),
    ],
  };
}
