// → Copilot CLI's flags. It has no rule that asks, so an `ask` becomes a deny there; reading cannot be denied at all.
import { type Exporter, patternOf, prefixOf, rulesByName } from "./native.ts";
import { plainPath, wallHosts } from "./walls.ts";

/** The exporter. */
export const exportCopilot: Exporter = (loaded, report) => {
  const flags: string[] = [];
  const tool = (list: "allow" | "deny", text: string): void => void flags.push(`--${list}-tool ${quoted(text)}`);
  for (const native of rulesByName(loaded, report)) {
    const { rule, text, at } = native;
    const list = native.list === "allow" ? "allow" : "deny";
    if (native.list === "ask") report.say(text, at, "no rule asks there: it became a deny");
    switch (rule.tool) {
      case "Bash": {
        if (rule.specifier === undefined) {
          tool(list, "shell");
          break;
        }
        const words = prefixOf(native, report);
        if (words?.some((word) => /[\s()',:*]/.test(word)))
          report.say(text, at, "a word of it cannot be written there: left out");
        else if (words !== undefined) tool(list, `shell(${words.join(" ")}:*)`);
        break;
      }
      case "Edit":
      case "Write":
        if (rule.specifier === undefined) tool(list, "write");
        else if (/[(),']/.test(rule.specifier)) report.say(text, at, "the pattern cannot be written there: left out");
        else tool(list, `write(${plainPath(patternOf(rule.specifier, at.file)).replace(/^\.\//, "")})`);
        break;
      case "WebFetch":
        if (rule.domain === undefined) tool(list, "url");
        else flags.push(`--${list}-url ${quoted(rule.domain)}`);
        break;
      case "mcp":
        if (/[*]/.test(rule.server) || rule.name?.includes("*"))
          report.say(text, at, "stars in names mean nothing there: left out");
        else tool(list, rule.name === undefined ? rule.server : `${rule.server}(${rule.name})`);
        break;
      default:
        report.say(
          text,
          at,
          rule.tool === "Read"
            ? "reading cannot be ruled there: left out"
            : "there is no rule of that kind there: left out",
        );
    }
  }
  const hosts = wallHosts(loaded, report);
  for (const host of hosts.deny) if (host !== "*") flags.push(`--deny-url ${quoted(host)}`);
  if (hosts.allow.length > 0)
    report.say(
      "sandbox.network.allow",
      { file: "the policy", line: 1, column: 1 },
      "its sandbox opens the network as a whole or not at all: left out",
    );
  return {
    files: [
      {
        name: "copilot flags",
        text: ["copilot --sandbox --disallow-temp-dir", ...new Set(flags)].join(" \\\n  ").concat("\n"),
      },
    ],
    holds: ["permissions.allow", "permissions.ask", "permissions.deny", "sandbox.network."],
  };
};

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
