// → a policy of Gemini CLI. The highest priority wins there, so denies stand at 900, asks at 500, allows at 100.
import { type Exporter, type NativeRule, patternOf, prefixOf, type Report, rulesByName } from "./native.ts";

const DECISIONS = { allow: ["allow", 100], ask: ["ask_user", 500], deny: ["deny", 900] } as const;
const READS = ["read_file", "read_many_files", "glob", "grep_search", "search_file_content", "list_directory"];
const WRITES = ["write_file", "replace"];

/** The exporter. */
export const exportGemini: Exporter = (loaded, report) => {
  const rules = rulesByName(loaded, report).flatMap((rule) => tables(rule, report));
  // what no rule names: as here, commands and writes ask
  const rest = `[[rule]]\ntoolName = ["run_shell_command", "write_file", "replace", "web_fetch"]\ndecision = "${loaded.policy.permissions.mode === "dontAsk" ? "deny" : "ask_user"}"\npriority = 10\n`;
  return {
    files: [
      {
        name: "policies/ringfence.toml",
        text: ["# Written by `ringfence policy export`. The highest priority wins.\n", ...rules, rest].join("\n"),
      },
    ],
    holds: ["permissions.allow", "permissions.ask", "permissions.deny", "permissions.mode"],
  };
};

function tables(native: NativeRule, report: Report): readonly string[] {
  const { list, rule, text, at } = native;
  const table = (...lines: readonly string[]): readonly string[] => {
    const [decision, priority] = DECISIONS[list];
    return [["[[rule]]", ...lines, `decision = "${decision}"`, `priority = ${priority}`, ""].join("\n")];
  };
  const names = (tools: readonly string[]): string =>
    `toolName = ${tools.length === 1 ? JSON.stringify(tools[0]) : JSON.stringify(tools)}`;
  const none = (why: string): readonly string[] => {
    report.say(text, at, why);
    return [];
  };
  switch (rule.tool) {
    case "Bash": {
      if (rule.specifier === undefined) return table(names(["run_shell_command"]));
      const words = prefixOf(native, report);
      if (words?.some((word) => /[\s"'\\]/.test(word))) return none("a word of it cannot be written there: left out");
      return words === undefined
        ? []
        : table(names(["run_shell_command"]), `commandPrefix = ${JSON.stringify(words.join(" "))}`);
    }
    case "Read":
    case "Write":
    case "Edit": {
      const tools = rule.tool === "Read" ? (list === "allow" ? READS : [...READS, ...WRITES]) : WRITES;
      if (rule.specifier === undefined) return table(names(tools));
      if (list === "allow")
        return none("paths are matched as text there, and an allow could be talked around: left out");
      report.say(text, at, "paths are matched as text there, not through links, and shell commands are not seen");
      return table(
        names(tools),
        `argsPattern = ${JSON.stringify(`"[^"]*${pathRegex(patternOf(rule.specifier, at.file))}(?:/[^"]*)?"`)}`,
      );
    }
    case "WebFetch":
      if (rule.domain === undefined) return table(names(["web_fetch"]));
      if (list === "allow") return none("its web tool takes a sentence, not an address: left out");
      return table(
        names(["web_fetch"]),
        `argsPattern = ${JSON.stringify(`[/. ]${rule.domain.replace(/^\*\./, "").replaceAll(".", "\\.").replaceAll("*", "[^./]*")}`)}`,
      );
    case "mcp":
      return table(`mcpName = ${JSON.stringify(rule.server)}`, `toolName = ${JSON.stringify(rule.name ?? "*")}`);
    case "Agent":
      return none("subagents are not judged by rules of ours there: left out");
    case "other":
      return table(names([rule.name]));
    default:
      return rule satisfies never;
  }
}

/** Our pattern as a regular expression of the path's end, so that it holds however the agent spells the start. */
function pathRegex(pattern: string): string {
  const parts = pattern.split("/").filter((part) => part !== "" && part !== "." && part !== "~");
  return parts
    .map((part) => (part === "**" ? ".*" : part.replace(/[.\\^$+?()[\]{}|]/g, "\\$&").replaceAll("*", "[^/]*")))
    .join("/")
    .replaceAll(".*/", "(?:.*/)?");
}
