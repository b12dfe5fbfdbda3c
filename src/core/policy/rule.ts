// One permission rule as written, parsed: `Tool` or `Tool(specifier)` (DESIGN 7, PERM-1). What it matches is match.ts's affair.
import { parseHost } from "../net/host.ts";
import { err, ok, type Problem, type Result } from "../result.ts";
import { forTerminal } from "../text/show.ts";
import { familyOf } from "../tool/actions-of-tool.ts";
import { type McpRule, parseMcpRule } from "./mcp-rule.ts";
import { nearest } from "./suggest.ts";

/** The tools a rule can name, apart from `mcp__…`. */
const TOOLS: readonly string[] = ["Bash", "Read", "Write", "Edit", "WebFetch", "Agent"];
/** Claude Code's further file tools: their path rules mean the same as the tool named here. */
const SAME_AS: Readonly<Record<string, string>> = {
  MultiEdit: "Edit",
  NotebookEdit: "Edit",
  Glob: "Read",
  Grep: "Read",
  LS: "Read",
  NotebookRead: "Read",
  Task: "Agent",
  Shell: "Bash",
};

/** A rule in parts. `specifier` is absent for the bare tool, which stands for every use of it. */
export type Rule =
  | { readonly tool: "Bash"; readonly specifier?: string }
  | { readonly tool: "Read" | "Write" | "Edit"; readonly specifier?: string }
  | { readonly tool: "WebFetch"; readonly domain?: string }
  | { readonly tool: "Agent"; readonly specifier?: string }
  | McpRule
  /** Any other bare tool name that no agent uses for one of the above: it denies, asks or allows that tool as a whole. */
  | { readonly tool: "other"; readonly name: string };

/** Parses one rule. A rule that is not understood is an error: a deny that matches nothing would be worse than none. */
export function parseRule(text: string): Result<Rule, Problem> {
  const shown = forTerminal(text, { max: 120 });
  const bad = (message: string, hint?: string): Result<never, Problem> =>
    err({
      code: "policy-bad-rule",
      message: `the rule \`${shown}\` ${message}`,
      ...(hint === undefined ? {} : { hint }),
    });
  if (/[\0-\x08\x0b-\x1f\x7f\n]/.test(text)) return bad("holds a control character");
  if (text.length > 4096) return bad("is too long");
  const trimmed = text.trim();
  if (trimmed === "*") return bad("is too broad to mean anything", "name the tools, or use `permissions.mode`");
  if (trimmed.startsWith("mcp__")) {
    const rule = parseMcpRule(trimmed);
    return rule.ok ? rule : bad(rule.error, "for example `mcp__github__create_issue(repo=acme/*)`");
  }
  const match = /^([A-Za-z][A-Za-z0-9_-]*)(?:\(([\s\S]*)\))?$/.exec(trimmed);
  const name = match?.[1];
  if (name === undefined)
    return bad("is not of the form `Tool` or `Tool(specifier)`", "for example `Bash(npm test)` or `Read(./**)`");
  const tool = SAME_AS[name] ?? name;
  const inner = match?.[2]?.trim();
  const specifier = inner === undefined || inner === "" || inner === "*" ? undefined : inner;
  if (inner === "") return bad("has an empty specifier", `write \`${name}\` for every use of the tool`);
  switch (tool) {
    case "Bash":
      if (specifier !== undefined && /:\*./.test(specifier) && !/:\*$/.test(specifier))
        return bad("has `:*` before its end", "`:*` stands at the end only");
      return ok(specifier === undefined || specifier === ":*" ? { tool } : { tool, specifier });
    case "Read":
    case "Write":
    case "Edit":
      if (specifier?.startsWith("!"))
        return bad("starts with `!`, and a rule has no exceptions", "write the narrower rule that is meant");
      if (/[*?[].*\/\.\.(?:\/|$)/s.test(specifier ?? ""))
        return bad("climbs with `..` out of something that is not spelled", "write the folder out");
      return ok(specifier === undefined ? { tool } : { tool, specifier });
    case "Agent":
      return ok(specifier === undefined ? { tool } : { tool, specifier });
    case "WebFetch": {
      if (specifier === undefined) return ok({ tool });
      const domain = /^domain:(\S+)$/.exec(specifier)?.[1];
      if (domain === undefined) return bad("needs a domain", "for example `WebFetch(domain:nodejs.org)`");
      if (domain === "*") return ok({ tool });
      const host = domainOf(domain);
      return host === undefined
        ? bad("names no host", "a host such as `nodejs.org` or `*.nodejs.org`, without scheme, port and path")
        : ok({ tool, domain: host });
    }
    default: {
      const near = nearest(name, [...TOOLS, ...Object.keys(SAME_AS)]);
      if (inner !== undefined)
        return bad(
          `names a tool that takes no specifier here`,
          near === undefined ? `tools with a specifier: ${TOOLS.join(", ")}` : `did you mean \`${near}\`?`,
        );
      if (near !== undefined && near.toLowerCase() === name.toLowerCase())
        return bad("names an unknown tool", `did you mean \`${near}\`?`);
      const family = familyOf(name);
      if (family !== undefined) return ok({ tool: family });
      return ok({ tool: "other", name: name === "write_bash" ? "write_stdin" : name });
    }
  }
}

/** A host as requests are compared with it, or one with a `*` in its labels. */
function domainOf(text: string): string | undefined {
  if (!text.includes("*")) return parseHost(text);
  const plain = text.toLowerCase().replace(/\.$/, "");
  return plain.split(".").every((label) => /^[a-z0-9_*-]{1,63}$/.test(label)) ? plain : undefined;
}
