// → sandbox-runtime's settings: walls alone. It has no rules, so the permission denies that are walls become some, and the rest is said.
import { type Exporter, json, rulesOf } from "./native.ts";
import { anyDepth, plainPath, wallHosts, wallPaths } from "./walls.ts";

/** The exporter. */
export const exportSrt: Exporter = (loaded, report) => {
  const paths = wallPaths(loaded, true);
  const hosts = wallHosts(loaded, report);
  const denied: string[] = [];
  for (const { list, rule, text, at } of rulesOf(loaded)) {
    const wall =
      list === "deny" &&
      (("specifier" in rule && rule.specifier !== undefined && ["Read", "Edit", "Write"].includes(rule.tool)) ||
        rule.tool === "WebFetch");
    if (!wall) report.say(text, at, "it has no rules for commands and tools, only walls: left out");
    else if (rule.tool === "WebFetch" && rule.domain !== undefined) denied.push(rule.domain);
  }
  for (const path of [...paths.denyRead, ...paths.denyWrite])
    if (/[*?[]/.test(anyDepth(path)))
      report.say(
        "sandbox.filesystem",
        { file: "the policy", line: 1, column: 1 },
        `\`${path}\` is a pattern: on Linux it is expanded when the command starts, and files made later escape it`,
      );
  const settings = {
    network: {
      allowedDomains: hosts.allow,
      deniedDomains: [...new Set([...hosts.deny, ...denied])],
      strictAllowlist: true,
      refuseOpaqueTunnels: true,
      requireHostMatch: true,
    },
    filesystem: {
      denyRead: paths.denyRead.map(anyDepth),
      allowRead: paths.allowRead.map(plainPath),
      allowWrite: [...(loaded.policy.sandbox.mode === "read-only" ? [] : ["."]), ...paths.allowWrite.map(plainPath)],
      denyWrite: paths.denyWrite.map(anyDepth),
    },
  };
  return {
    files: [{ name: "srt-settings.json", text: json(settings) }],
    holds: [
      "permissions.allow",
      "permissions.ask",
      "permissions.deny",
      "sandbox.mode",
      "sandbox.filesystem.",
      "sandbox.network.",
    ],
  };
};
