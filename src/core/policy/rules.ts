// Rule texts → compiled rules, once for a whole session or batch. Order inside a list is kept; a list answers with its first match.
import { compilePattern, couldMatchBelow, fixedPart, type PathMatcher } from "../paths/index.ts";
import { err, ok, type Problem, type Result } from "../result.ts";
import { wildcardSource } from "../text/wildcard.ts";
import { type BashMatcher, compileBash } from "./bash-rule.ts";
import { compileMcp, type McpMatcher } from "./mcp-rule.ts";
import type { RuleText } from "./policy.ts";
import { parseRule, type Rule } from "./rule.ts";

/** Where patterns are anchored. */
export interface Places {
  readonly root: string;
  readonly home: string;
}

/** One compiled rule. Only the matcher of its own tool is there. */
export interface CompiledRule {
  readonly text: RuleText;
  readonly rule: Rule;
  readonly bash?: BashMatcher;
  readonly path?: PathMatcher;
  /** What a path rule spells before its first wildcard. */
  readonly fixed?: string | undefined;
  /** False for a folder below which the path rule cannot match. */
  readonly below?: PathMatcher;
  readonly domain?: (host: string) => boolean;
  readonly mcp?: McpMatcher;
}

/** Three lists. */
export interface CompiledRules {
  readonly allow: readonly CompiledRule[];
  readonly ask: readonly CompiledRule[];
  readonly deny: readonly CompiledRule[];
}

/** Compiles the three lists; all problems are returned together. */
export function compileRules(
  rules: { readonly allow: readonly RuleText[]; readonly ask: readonly RuleText[]; readonly deny: readonly RuleText[] },
  places: Places,
): Result<CompiledRules, readonly Problem[]> {
  const problems: Problem[] = [];
  const list = (texts: readonly RuleText[], allows: boolean): readonly CompiledRule[] =>
    texts.flatMap((text) => {
      const rule = parseRule(text.text);
      if (!rule.ok) problems.push({ ...rule.error, at: text.at });
      return rule.ok ? [compileRule(text, rule.value, places, allows)] : [];
    });
  const compiled = { allow: list(rules.allow, true), ask: list(rules.ask, false), deny: list(rules.deny, false) };
  return problems.length > 0 ? err(problems) : ok(compiled);
}

function compileRule(text: RuleText, rule: Rule, places: Places, allows: boolean): CompiledRule {
  switch (rule.tool) {
    case "Bash":
      return { text, rule, bash: compileBash(rule.specifier) };
    case "Read":
    case "Write":
    case "Edit":
      // an allow is compared with case, a deny without: a case-insensitive disk must not loosen either
      return {
        text,
        rule,
        path:
          rule.specifier === undefined
            ? () => true
            : compilePattern(anchored(rule.specifier, text.at.file), places, { caseless: !allows }),
        fixed: rule.specifier === undefined ? undefined : fixedPart(anchored(rule.specifier, text.at.file), places),
        below:
          rule.specifier === undefined ? () => true : couldMatchBelow(anchored(rule.specifier, text.at.file), places),
      };
    case "WebFetch":
      return { text, rule, domain: domainMatcher(rule.domain, allows) };
    case "mcp":
      return { text, rule, mcp: compileMcp(rule) };
    default:
      return { text, rule };
  }
}

/** `/x` stands in the policy's directory: the workspace for its own files and for options, the file's folder otherwise. */
function anchored(pattern: string, file: string): string {
  if (
    !pattern.startsWith("/") ||
    pattern.startsWith("//") ||
    !file.startsWith("/") ||
    /\/\.ringfence\/[^/]*$/.test(file)
  )
    return pattern;
  return `/${file.slice(0, file.lastIndexOf("/"))}${pattern}`;
}

/** `x` is x itself, `*.x` any depth below it; another `*` stays inside one label. A limit on an address sees it in IPv6's clothes too. */
function domainMatcher(domain: string | undefined, allows: boolean): (host: string) => boolean {
  if (domain === undefined) return () => true;
  const matches = labelsMatcher(domain);
  return allows ? matches : (host) => matches(host) || matches(inner4(host) ?? host);
}

/** The IPv4 address inside `::ffff:a00:1` or `64:ff9b::a00:1`, which leads to the same machine. */
function inner4(host: string): string | undefined {
  const [, high, low] = /^(?:::ffff:(?:0:)?|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host) ?? [];
  if (high === undefined || low === undefined) return undefined;
  return [high, low]
    .map((part) => Number.parseInt(part, 16))
    .flatMap((part) => [part >> 8, part & 255])
    .join(".");
}

function labelsMatcher(domain: string): (host: string) => boolean {
  const plain = (host: string): string => host.toLowerCase().replace(/\.$/, "");
  if (domain.startsWith("*.") && !domain.slice(2).includes("*")) {
    const end = domain.slice(1);
    return (host) => plain(host).endsWith(end) && plain(host).length > end.length;
  }
  const pieces = domain.split(/\*+/).map((p) => p.replace(/[.\\^$+?()[\]{}|]/g, "\\$&"));
  const labels = new RegExp(`^${wildcardSource(pieces, "[^.]")}$`);
  return (host) => labels.test(plain(host));
}
