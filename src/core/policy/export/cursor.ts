// → Cursor: `.cursor/cli.json` for rules, `sandbox.json` for walls. No rule asks there, so an `ask` becomes a deny.
import { type Exporter, json, type NativeRule, patternOf, prefixOf, type Report, rulesByName } from "./native.ts";
import { plainPath, wallHosts, wallPaths } from "./walls.ts";

/** The exporter. */
export const exportCursor: Exporter = (loaded, report) => {
  const permissions = { allow: [] as string[], deny: [] as string[] };
  for (const rule of rulesByName(loaded, report)) {
    const text = ruleText(rule, report);
    if (text === undefined) continue;
    const list = rule.list === "allow" ? permissions.allow : permissions.deny;
    if (rule.list === "ask") report.say(rule.text, rule.at, "no rule asks there: it became a deny");
    if (!list.includes(text)) list.push(text);
  }
  const paths = wallPaths(loaded, false);
  const hosts = wallHosts(loaded, report);
  for (const path of [...paths.denyRead, ...paths.denyWrite])
    report.say(
      `sandbox.filesystem: ${path}`,
      { file: "the policy", line: 1, column: 1 },
      "its sandbox has no key that denies a path: left out",
    );
  const sandbox = {
    type: loaded.policy.sandbox.mode === "read-only" ? "workspace_readonly" : "workspace_readwrite",
    additionalReadwritePaths: paths.allowWrite.map(plainPath),
    additionalReadPaths: paths.allowRead.map(plainPath),
    disableTmpWrite: true,
    networkPolicy: { default: "deny", allow: hosts.allow, deny: hosts.deny },
  };
  return {
    files: [
      { name: ".cursor/cli.json", text: json({ permissions }) },
      { name: ".cursor/sandbox.json", text: json(sandbox) },
    ],
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

function ruleText(native: NativeRule, report: Report): string | undefined {
  const { rule, text, at } = native;
  switch (rule.tool) {
    case "Bash": {
      if (rule.specifier === undefined) return "Shell(*)";
      const words = prefixOf(native, report);
      if (words?.some((word) => /[\s():*'"\\]/.test(word)))
        return void report.say(text, at, "a word of it cannot be written there: left out");
      return words === undefined ? undefined : `Shell(${words.join(" ")})`;
    }
    case "Read":
    case "Write":
    case "Edit": {
      const tool = rule.tool === "Read" ? "Read" : "Write";
      report.say(text, at, "shell commands are not seen by rules on files there");
      if (rule.specifier === undefined) return `${tool}(**)`;
      const pattern = patternOf(rule.specifier, at.file);
      return `${tool}(${/^[/~]|^\.\//.test(pattern) ? plainPath(pattern).replace(/^\.\//, "") : `**/${pattern}`})`;
    }
    case "WebFetch":
      return `WebFetch(${rule.domain ?? "*"})`;
    case "mcp":
      return `Mcp(${rule.server}:${rule.name ?? "*"})`;
    default:
      return void report.say(text, at, "there is no rule of that kind there: left out");
  }
}
