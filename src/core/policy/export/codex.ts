// → Codex: `.rules` for commands, a permission profile in config.toml for paths and hosts.
import type { LoadedPolicy } from "../load.ts";
import { type Exporter, prefixOf, type Report, rulesOf } from "./native.ts";
import { anyDepth, plainPath, wallHosts, wallPaths } from "./walls.ts";

const DECISIONS = { allow: "allow", ask: "prompt", deny: "forbidden" } as const;

/** The exporter. */
export const exportCodex: Exporter = (loaded, report) => ({
  files: [
    { name: "rules/ringfence.rules", text: rules(loaded, report) },
    { name: "config.toml", text: config(loaded, report) },
  ],
  holds: [
    "permissions.allow",
    "permissions.ask",
    "permissions.deny",
    "sandbox.mode",
    "sandbox.filesystem.",
    "sandbox.network.",
    "approvals.policy",
    "env.set",
  ],
});

function rules(loaded: LoadedPolicy, report: Report): string {
  const lines = ["# Written by `ringfence policy export`. The strictest matching rule wins."];
  for (const native of rulesOf(loaded)) {
    const { list, rule, text, at } = native;
    if (rule.tool === "Bash") {
      const words = prefixOf(native, report);
      if (words !== undefined)
        lines.push(
          `prefix_rule(pattern=[${words.map((word) => JSON.stringify(word)).join(", ")}], decision="${DECISIONS[list]}")`,
        );
      continue;
    }
    const wall =
      list === "deny" &&
      rule.tool !== "WebFetch" &&
      "specifier" in rule &&
      rule.specifier !== undefined &&
      rule.tool !== "Agent";
    if (!wall && !(list === "deny" && rule.tool === "WebFetch" && rule.domain !== undefined))
      report.say(text, at, "its rules speak of commands only: left out");
  }
  return `${lines.join("\n")}\n`;
}

function config(loaded: LoadedPolicy, report: Report): string {
  const { policy } = loaded;
  const paths = wallPaths(loaded, true);
  const hosts = wallHosts(loaded, report);
  const denied = rulesOf(loaded).flatMap(({ list, rule }) =>
    list === "deny" && rule.tool === "WebFetch" && rule.domain !== undefined ? [rule.domain] : [],
  );
  const base = policy.sandbox.mode === "read-only" ? ":read-only" : ":workspace";
  const roots = (pattern: string): boolean => /^\.\/|^\*\*\//.test(pattern);
  const access = [
    ...paths.denyRead.map((p) => [anyDepth(p), "deny"]),
    ...paths.denyWrite.map((p) => [anyDepth(p), "read"]),
    ...paths.allowRead.map((p) => [plainPath(p), "read"]),
    ...paths.allowWrite.map((p) => [plainPath(p), "write"]),
  ] as const;
  const line = ([path = "", word = ""]: readonly string[]): string =>
    `${JSON.stringify(path.replace(/^\.\//, ""))} = "${word}"`;
  const inside = access.filter(([path = ""]) => roots(path));
  const outside = access.filter(([path = ""]) => !roots(path));
  const domains = [
    ...hosts.allow.map((host) => [host.replace(/:\d+$/, ""), "allow"]),
    ...[...hosts.deny, ...denied].map((host) => [host.replace(/:\d+$/, ""), "deny"]),
  ] as const;
  if (hosts.allow.length > 0)
    report.say(
      "sandbox.network.allow",
      { file: "the policy", line: 1, column: 1 },
      "an allowed host is open on every port there",
    );
  const env = Object.entries(policy.env.set).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return `${[
    "# Written by `ringfence policy export`.",
    `approval_policy = ${JSON.stringify(policy.approvals.policy)}`,
    'default_permissions = "ringfence"',
    "",
    "[features]",
    "network_proxy = true # without it the hosts below are not enforced",
    "",
    "[permissions.ringfence]",
    `extends = "${base}"`,
    "",
    "[permissions.ringfence.filesystem]",
    ...outside.map(line),
    ...(inside.length > 0
      ? ["", '[permissions.ringfence.filesystem.":project_roots"]', ...new Set(inside.map(line))]
      : []),
    "",
    "[permissions.ringfence.network]",
    `enabled = ${hosts.allow.length > 0}`,
    "allow_local_binding = false",
    ...(domains.length > 0
      ? ["", "[permissions.ringfence.network.domains]", ...new Map(domains.map((d) => [d[0], line(d)])).values()]
      : []),
    "",
    "[shell_environment_policy]",
    'inherit = "core"',
    ...(env.length > 0 ? ["", "[shell_environment_policy.set]", ...env] : []),
  ].join("\n")}\n`;
}
