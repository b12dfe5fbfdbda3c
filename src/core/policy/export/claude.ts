// → Claude Code's settings.json. Its rules are sisters of ours; importing the file again gives every verdict back (tests/properties/import.test.ts).

import type { Condition } from "../condition.ts";
import { type Exporter, json, type Native, type NativeRule, patternOf, type Report, rulesOf } from "./native.ts";
import { plainPath, wallHosts, wallPaths } from "./walls.ts";

/** The exporter. */
export const exportClaude: Exporter = (loaded, report): Native => {
  const { policy, merged } = loaded;
  const rules = rulesOf(loaded);
  const list = (name: NativeRule["list"]): readonly string[] => [
    ...new Set(rules.filter((r) => r.list === name).flatMap((r) => ruleTexts(r, report))),
  ];
  const paths = wallPaths(loaded, false);
  const hosts = wallHosts(loaded, report);
  const set = policy.env.set;
  if (policy.sandbox.mode === "read-only")
    report.say(
      "sandbox.mode: read-only",
      merged.parts.get("sandbox.mode")?.[0]?.at ?? NOWHERE,
      "its sandbox always lets commands write in the working directory",
    );
  const settings = {
    permissions: {
      defaultMode: policy.permissions.mode,
      ...(merged.parts.has("permissions.disableBypassPermissionsMode")
        ? { disableBypassPermissionsMode: "disable" }
        : {}),
      allow: list("allow"),
      ask: list("ask"),
      deny: list("deny"),
    },
    sandbox: {
      enabled: true,
      failIfUnavailable: true,
      allowUnsandboxedCommands: false,
      autoAllowBashIfSandboxed: false,
      filesystem: {
        allowRead: paths.allowRead.map(plainPath),
        denyRead: paths.denyRead.map(plainPath),
        allowWrite: paths.allowWrite.map(plainPath),
        denyWrite: paths.denyWrite.map(plainPath),
      },
      network: { allowedDomains: hosts.allow, deniedDomains: hosts.deny, strictAllowlist: true },
    },
    ...(Object.keys(set).length > 0 ? { env: set } : {}),
  };
  return {
    files: [{ name: ".claude/settings.json", text: json(settings) }],
    holds: ["permissions.", "sandbox.filesystem.", "sandbox.network.", "sandbox.mode", "env.set"],
  };
};

const NOWHERE = { file: "the default policy", line: 1, column: 1 };

function ruleTexts({ list, rule, text, at }: NativeRule, report: Report): readonly string[] {
  switch (rule.tool) {
    case "Bash":
      return [rule.specifier === undefined ? "Bash" : `Bash(${rule.specifier})`];
    case "Read":
    case "Write":
    case "Edit":
      return paths(rule.tool === "Read" ? "Read" : "Edit", rule.specifier, { list, text, at }, report);
    case "WebFetch":
      return [rule.domain === undefined ? "WebFetch" : `WebFetch(domain:${rule.domain})`];
    case "Agent":
      if (rule.specifier?.includes("*")) report.say(text, at, "a star in an agent's name is literal there");
      return [rule.specifier === undefined ? "Agent" : `Agent(${rule.specifier})`];
    case "mcp": {
      if (list === "allow" && rule.server.includes("*")) {
        report.say(text, at, "an allow with a star in the server's name means nothing there: left out");
        return [];
      }
      const name = `mcp__${rule.server}${rule.name === undefined ? "" : `__${rule.name}`}`;
      if (rule.when === undefined) return [name];
      const parameter = list === "allow" ? undefined : parameterText(rule.when);
      if (parameter === undefined)
        report.say(text, at, "only one top-level argument is judged there, and only to limit: left out");
      return parameter === undefined ? [] : [`${name}(${parameter})`];
    }
    case "other":
      return [rule.name];
    default:
      return rule satisfies never;
  }
}

/** `name:value`, where one such condition is all. */
function parameterText([only, ...more]: readonly Condition[]): string | undefined {
  const [key, ...deeper] = only?.path ?? [];
  if (only === undefined || more.length > 0 || deeper.length > 0 || !/^[A-Za-z_$][\w$-]*$/.test(key ?? ""))
    return undefined;
  const value = only.is.kind === "text" ? only.is.pattern : String(only.is.value);
  return /^[^\s"()][^"()\n\r]*$/.test(value) ? `${key}:${value}` : undefined;
}

function paths(
  tool: "Read" | "Edit",
  specifier: string | undefined,
  { list, text, at }: Pick<NativeRule, "list" | "text" | "at">,
  report: Report,
): readonly string[] {
  // `Edit` speaks for every tool that writes; a bare deny must name each to take it away
  if (specifier === undefined)
    return tool === "Read" ? ["Read"] : list === "allow" ? ["Edit"] : ["Edit", "Write", "NotebookEdit"];
  const pattern = patternOf(specifier, at.file);
  if (/^[/~.]/.test(pattern) && !/^\.[^/]/.test(pattern)) return [`${tool}(${pattern})`];
  // ours means any depth of the disk; theirs of the working directory
  if (list === "deny" || list === "ask") return [`${tool}(//**/${pattern})`];
  report.say(text, at, "a bare name holds below the working directory only there");
  return [`${tool}(${pattern})`];
}
