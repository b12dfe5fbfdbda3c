// What every exporter needs: the policy's rules in parts, the report of what the agent cannot enforce, and commands as plain words.
import type { Span } from "../../result.ts";
import { splitWords } from "../import/shell-words.ts";
import type { LoadedPolicy } from "../load.ts";
import type { RuleText } from "../policy.ts";
import { parseRule, type Rule } from "../rule.ts";

/** Something of the policy that the agent's own form cannot hold. */
export interface Unenforced {
  /** The rule or key, as the policy has it. */
  readonly key: string;
  readonly at: Span;
  /** What is missing there. `ringfence run` enforces it all the same. */
  readonly why: string;
}

/** One file of the agent. */
export interface NativeFile {
  /** Where the agent looks for it. */
  readonly name: string;
  readonly text: string;
}

/** An exporter: the files, the keys of keys.ts that they hold, and aloud what they do not. */
export interface Native {
  readonly files: readonly NativeFile[];
  readonly holds: readonly string[];
}

/** The report while it is written. */
export class Report {
  readonly unenforced: Unenforced[] = [];

  /** One line. */
  say(key: string, at: Span, why: string): void {
    if (!this.unenforced.some((u) => u.key === key && u.at.line === at.line && u.at.file === at.file && u.why === why))
      this.unenforced.push({ key, at, why });
  }
}

/** An exporter of one agent. */
export type Exporter = (loaded: LoadedPolicy, report: Report) => Native;

/** One rule with its list. */
export interface NativeRule {
  readonly list: "allow" | "ask" | "deny";
  readonly rule: Rule;
  readonly text: string;
  readonly at: Span;
}

/** All permission rules, in the order of the lists. */
export function rulesOf({ policy }: LoadedPolicy): readonly NativeRule[] {
  const list = (name: NativeRule["list"], texts: readonly RuleText[]): readonly NativeRule[] =>
    texts.flatMap(({ text, at }) => {
      const parsed = parseRule(text);
      return parsed.ok ? [{ list: name, rule: parsed.value, text, at }] : [];
    });
  const { allow, ask, deny } = policy.permissions;
  return [...list("allow", allow), ...list("ask", ask), ...list("deny", deny)];
}

/** The same for an agent that judges no arguments: a rule with conditions would mean more there, so it is left out aloud. */
export function rulesByName(loaded: LoadedPolicy, report: Report): readonly NativeRule[] {
  return rulesOf(loaded).filter(({ rule, text, at }) => {
    const isNamed = rule.tool !== "mcp" || rule.when === undefined;
    if (!isNamed) report.say(text, at, "arguments of MCP tools are not judged there: left out");
    return isNamed;
  });
}

/** A `Bash(…)` rule as words. */
export interface CommandWords {
  /** Words in order. */
  readonly words: readonly string[];
  /** Further words may follow. */
  readonly more: boolean;
  /** False when a star inside was cut off, so that the words stand for more than the rule. */
  readonly exact: boolean;
}

/** The words of a specifier; those before its first inner star. `undefined` when not even the program is spelled. */
export function commandWords(specifier: string | undefined): CommandWords | undefined {
  if (specifier === undefined) return undefined;
  const more = /(?: |:)\*$/.test(specifier) && !/\\\*$/.test(specifier);
  const body = more ? specifier.replace(/(?: |:)\*$/, "") : specifier;
  const star = starOf(body);
  if (star < 0) {
    const words = splitWords(body);
    return words === undefined || words.length === 0 ? undefined : { words, more, exact: true };
  }
  const whole = body.slice(0, star).replace(/\S*$/, "");
  const words = splitWords(whole);
  return words === undefined || words.length === 0 ? undefined : { words, more: true, exact: false };
}

/** The first star outside quotes and without a backslash. */
function starOf(text: string): number {
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quote !== "") quote = c === quote ? "" : quote;
    else if (c === "\\") i++;
    else if (c === "'" || c === '"') quote = text.indexOf(c, i + 1) > i ? c : "";
    else if (c === "*") return i;
  }
  return -1;
}

/**
 * The words of a rule for an agent whose rules are prefixes. An allow of exact words, or with a star inside, would grow and is left
 * out aloud; a limit may grow, which is said too.
 */
export function prefixOf({ list, rule, text, at }: NativeRule, report: Report): readonly string[] | undefined {
  if (rule.tool !== "Bash") return undefined;
  const found = commandWords(rule.specifier);
  if (found === undefined)
    return void report.say(text, at, "the program is not spelled, and rules there are prefixes of words: left out");
  if (list === "allow" && (!found.more || !found.exact))
    return void report.say(
      text,
      at,
      `rules there are prefixes, so it would allow more: left out; \`${text.replace(/\)$/, " *)")}\` could be exported`,
    );
  if (!found.more || !found.exact) report.say(text, at, "rules there are prefixes: it holds for more there");
  return found.words;
}

/** A path pattern of a rule, without the question where the policy file stands: `//abs`, `~/x`, `./x`, or a bare name. */
export function patternOf(specifier: string, file: string): string {
  if (!specifier.startsWith("/") || specifier.startsWith("//")) {
    const parts = specifier.split("/").filter((part) => part !== "" && part !== ".");
    const bare = parts.length === 1 && !specifier.startsWith("./") && !specifier.startsWith("~");
    return bare || /^(?:~|\.\/|\/\/)/.test(specifier) ? specifier : `./${specifier}`;
  }
  const outside = file.startsWith("/") && !/\/\.ringfence\/[^/]*$/.test(file);
  return outside ? `/${file.slice(0, file.lastIndexOf("/"))}${specifier}` : `.${specifier}`;
}

/** JSON with a line for each entry, as people write it. */
export function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
