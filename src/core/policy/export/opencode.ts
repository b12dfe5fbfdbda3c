// → OpenCode's opencode.json. The last match wins there, so each tool has its allows first, then what asks, then what is denied.
import { commandWords, type Exporter, json, type NativeRule, patternOf, type Report, rulesByName } from "./native.ts";

type Word = "allow" | "ask" | "deny";
const ORDER = { allow: 0, ask: 1, deny: 2 } as const;

/** The exporter. */
export const exportOpenCode: Exporter = (loaded, report) => {
  const rest: Word = loaded.policy.permissions.mode === "dontAsk" ? "deny" : "ask";
  const tools = new Map<string, Map<string, Word>>([
    ["bash", new Map([["*", rest]])],
    ["read", new Map([["*", "allow"]])],
    ["edit", new Map([["*", loaded.policy.permissions.mode === "plan" ? "deny" : rest]])],
    ["webfetch", new Map([["*", rest]])],
    ["task", new Map([["*", rest]])],
  ]);
  for (const rule of [...rulesByName(loaded, report)].sort((a, b) => ORDER[a.list] - ORDER[b.list]))
    for (const [tool, pattern] of entries(rule, report)) {
      const patterns = tools.get(tool) ?? new Map<string, Word>();
      // a key keeps its first place in an object, and the place decides
      patterns.delete(pattern);
      patterns.set(pattern, rule.list);
      tools.set(tool, patterns);
    }
  const permission = Object.fromEntries(
    [...tools].map(([tool, patterns]) => [
      tool,
      patterns.size === 1 ? (patterns.get("*") ?? Object.fromEntries(patterns)) : Object.fromEntries(patterns),
    ]),
  );
  const settings = {
    $schema: "https://opencode.ai/config.json",
    permission: { ...permission, external_directory: rest },
  };
  return {
    files: [{ name: "opencode.json", text: json(settings) }],
    holds: ["permissions.allow", "permissions.ask", "permissions.deny", "permissions.mode"],
  };
};

function entries({ list, rule, text, at }: NativeRule, report: Report): readonly (readonly [string, string])[] {
  switch (rule.tool) {
    case "Bash": {
      if (rule.specifier === undefined) return [["bash", "*"]];
      const found = commandWords(rule.specifier);
      if (found?.exact && found.words.every((word) => /^[^\s*?'"\\]+$/.test(word)))
        return [["bash", `${found.words.join(" ")}${found.more ? " *" : ""}`]];
      if (list !== "allow" && /^[^'"\\?]+$/.test(rule.specifier))
        return [["bash", rule.specifier.replace(/:\*$/, " *")]];
      report.say(text, at, "its words cannot be written there: left out");
      return [];
    }
    case "Read":
    case "Write":
    case "Edit": {
      // whoever may not read a file may not change it either
      const tools = rule.tool === "Read" ? (list === "allow" ? ["read"] : ["read", "edit"]) : ["edit"];
      const pattern = rule.specifier === undefined ? "*" : patternOf(rule.specifier, at.file);
      if (pattern.startsWith("//") || pattern.startsWith("~")) {
        report.say(text, at, "paths outside the workspace are not judged one by one there: left out");
        return [];
      }
      if (rule.tool !== "Read" || list !== "allow")
        report.say(text, at, "shell commands are not seen by rules on files there");
      const bare = !pattern.startsWith("./");
      // their star crosses folders: an allow may not grow by that
      if (list === "allow" && /\*(?!\*?$)/.test(pattern.replaceAll("**", "*"))) {
        report.say(text, at, "a star crosses folders there, so it would allow more: left out");
        return [];
      }
      const plain = pattern.replace(/^\.\//, "").replaceAll("**/", "*").replaceAll("**", "*");
      const forms = pattern === "*" ? ["*"] : bare ? [plain, `*/${plain}`] : [plain];
      return tools.flatMap((tool) => [
        ...forms.map((form) => [tool, form] as const),
        ...(list === "allow" || pattern === "*" ? [] : forms.map((form) => [tool, `${form}/*`] as const)),
      ]);
    }
    case "WebFetch":
      if (rule.domain === undefined) return [["webfetch", "*"]];
      if (list === "allow") {
        report.say(text, at, "addresses are matched as text there, so an allow could be talked around: left out");
        return [];
      }
      return [
        ["webfetch", `*://${rule.domain}/*`],
        ["webfetch", `*://${rule.domain}`],
      ];
    case "Agent":
      return [["task", rule.specifier ?? "*"]];
    case "mcp":
      if (rule.server.includes("*")) {
        report.say(text, at, "a rule for every MCP server cannot be told from other tools there: left out");
        return [];
      }
      return [[`${rule.server}_${rule.name ?? "*"}`, "*"]];
    case "other":
      return [[rule.name.toLowerCase(), "*"]];
    default:
      return rule satisfies never;
  }
}
