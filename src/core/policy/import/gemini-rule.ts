// One `[[rule]]` of Gemini CLI's policy engine → ours. Narrowings that we cannot hold make a limit wider and leave an allow out, aloud.
import type { Verdict } from "../../verdict.ts";
import type { Draft } from "./draft.ts";
import type { OrderedRule } from "./ordered.ts";
import { bashGlob, bashRule, splitWords } from "./shell-words.ts";
import { flagOf, get, shown, type Tree, textOf } from "./tree.ts";

/** Gemini's tools → ours. */
export const GEMINI_TOOLS: Readonly<Record<string, string>> = {
  run_shell_command: "Bash",
  ShellTool: "Bash",
  read_file: "Read",
  ReadFileTool: "Read",
  read_many_files: "Read",
  ReadManyFilesTool: "Read",
  glob: "Read",
  GlobTool: "Read",
  grep_search: "Read",
  search_file_content: "Read",
  GrepTool: "Read",
  list_directory: "Read",
  LSTool: "Read",
  write_file: "Edit",
  WriteFileTool: "Edit",
  replace: "Edit",
  EditTool: "Edit",
  web_fetch: "WebFetch",
  WebFetchTool: "WebFetch",
};
const EVERY = ["Bash", "Read", "Edit", "WebFetch", "Agent", "mcp", "google_web_search", "save_memory"];
const VERDICTS: Readonly<Record<string, Verdict>> = { allow: "allow", deny: "deny", ask_user: "ask" };
const KEYS = [
  "toolName",
  "mcpName",
  "commandPrefix",
  "commandRegex",
  "argsPattern",
  "decision",
  "priority",
  "modes",
  "interactive",
  "allowRedirection",
  "denyMessage",
  "subagent",
  "toolAnnotations",
];

/** A rule with its number. */
export interface Ranked {
  readonly priority: number;
  readonly rules: readonly OrderedRule[];
}

/** Reads one rule; what it cannot hold is said. */
export function geminiRule(tree: Tree, index: number, draft: Draft): Ranked | undefined {
  const label = `rule ${index + 1}`;
  const word = textOf(get(tree, "decision"));
  const verdict = word !== undefined && Object.hasOwn(VERDICTS, word) ? VERDICTS[word] : undefined;
  if (tree.kind !== "map" || verdict === undefined)
    return void draft.say(label, tree.at, `has no decision that is known (${word ?? "none"})`, "not carried over");
  for (const entry of tree.entries)
    if (!KEYS.includes(entry.key))
      draft.say(
        `${label}: ${entry.key}`,
        entry.at,
        `a key that is not known here (${shown(entry.value)})`,
        verdict === "allow" ? "the rule is not carried over" : "the rule is carried over without it",
      );
  const unknown = tree.entries.some((e) => !KEYS.includes(e.key));
  const narrow = narrowed(tree, label, verdict, draft) || unknown;
  if (narrow && verdict === "allow") return undefined;
  const number = get(tree, "priority");
  const priority = number?.kind === "plain" && typeof number.value === "number" ? number.value : 0;
  const rules = tools(tree).flatMap((tool) =>
    ruleFor(tool, tree, { label: `${label} (${word}, priority ${priority})`, verdict }, draft),
  );
  if (rules.length === 0 && get(tree, "toolName") === undefined && get(tree, "mcpName") === undefined)
    draft.say(label, tree.at, "names no tool", "not carried over");
  return { priority, rules };
}

/** Conditions that only hold sometimes. True when the rule is narrower there than ours would be. */
function narrowed(tree: Tree, label: string, verdict: Verdict, draft: Draft): boolean {
  let narrow = false;
  const say = (key: string, what: string): void => {
    const node = get(tree, key);
    if (node === undefined) return;
    narrow = true;
    draft.say(
      `${label}: ${key}: ${shown(node)}`,
      node.at,
      what,
      verdict === "allow"
        ? "the allow is not carried over: here it would hold always"
        : "stricter here: the rule holds always",
    );
  };
  const modes = get(tree, "modes");
  const all =
    modes?.kind === "list" &&
    ["default", "autoEdit", "yolo"].every((mode) => modes.items.some((item) => textOf(item) === mode));
  if (!all) say("modes", "holds in some modes there");
  say("interactive", "holds with or without a person there");
  say("subagent", "holds for one subagent there");
  say("toolAnnotations", "holds for tools that claim something of themselves there");
  const redirection = get(tree, "allowRedirection");
  if (redirection !== undefined && flagOf(redirection) === true)
    draft.say(
      `${label}: allowRedirection`,
      redirection.at,
      "redirections are allowed with it there",
      "stricter here: a redirection needs `Write(path)`",
    );
  return narrow;
}

interface Named {
  readonly tool: string;
  /** The part of a tool's name that a star or an MCP server leaves open. */
  readonly glob: string;
  readonly rule: string;
  readonly native?: string;
}

function tools(tree: Tree): readonly Named[] {
  const node = get(tree, "toolName");
  const names = (node?.kind === "list" ? node.items : node === undefined ? [] : [node]).flatMap(
    (item) => textOf(item) ?? [],
  );
  const server = textOf(get(tree, "mcpName"));
  if (server !== undefined)
    return (names.length === 0 ? ["*"] : names).map((name) => ({
      tool: "mcp",
      glob: `${server}_${name}`,
      rule: name === "*" ? `mcp__${server}` : `mcp__${server}__${name}`,
    }));
  return names.flatMap((name): readonly Named[] => {
    if (name === "*") return EVERY.map((tool) => ({ tool, glob: "*", rule: tool === "mcp" ? "mcp__*" : tool }));
    const mcp = /^mcp_(?:\*$|([A-Za-z0-9.-]+)_(.+)$)/.exec(name) ?? /^([A-Za-z0-9.-]+)__(.+)$/.exec(name);
    if (mcp !== null)
      return [
        mcp[1] === undefined
          ? { tool: "mcp", glob: "*", rule: "mcp__*" }
          : {
              tool: "mcp",
              glob: `${mcp[1]}_${mcp[2]}`,
              rule: mcp[2] === "*" ? `mcp__${mcp[1]}` : `mcp__${mcp[1]}__${mcp[2]}`,
            },
      ];
    const tool = Object.hasOwn(GEMINI_TOOLS, name) ? (GEMINI_TOOLS[name] ?? name) : name;
    return [{ tool, glob: "*", rule: tool, native: name === "search_file_content" ? "grep_search" : name }];
  });
}

function ruleFor(
  named: Named,
  tree: Tree,
  said: { readonly label: string; readonly verdict: Verdict },
  draft: Draft,
): readonly OrderedRule[] {
  const { label, verdict } = said;
  const base = { verdict, tool: named.tool, at: tree.at, name: label };
  const [prefix, regex, args] = [get(tree, "commandPrefix"), get(tree, "commandRegex"), get(tree, "argsPattern")];
  // allowing everything of MCP is wider than any rule of ours may be in one line
  if (named.rule === "mcp__*" && verdict === "allow") {
    draft.say(label, tree.at, "allows every MCP tool there", "not carried over: name the servers");
    return [];
  }
  if (named.tool === "Bash" && prefix !== undefined) {
    const prefixes = (prefix.kind === "list" ? prefix.items : [prefix]).flatMap((item) => textOf(item)?.trim() ?? []);
    return prefixes.flatMap((p) => {
      const words = splitWords(p);
      const rule = words === undefined ? undefined : bashRule(words, true);
      const one = { ...base, glob: `${p}*`, name: `${label}: ${p}` };
      if (rule !== undefined && words !== undefined && words.length > 0) return [{ ...one, rules: [rule] }];
      return p === "" ? [] : wider({ ...one, rules: ["Bash"] }, "a prefix that no rule can hold", draft);
    });
  }
  if (named.tool === "Bash" && regex !== undefined) {
    const prefixes = prefixesOf(textOf(regex) ?? "");
    // no word boundary there: a limit keeps that, an allow takes the boundary, which is stricter
    if (prefixes !== undefined)
      return prefixes.map((p) => ({
        ...base,
        glob: `${p}*`,
        rules: [verdict === "allow" ? `Bash(${p} *)` : bashGlob(`${p}*`)],
      }));
    return wider({ ...base, glob: "?*", rules: ["Bash"] }, `commandRegex: ${shown(regex)}`, draft);
  }
  if (args !== undefined)
    return wider({ ...base, glob: "?*", rules: [named.rule] }, `argsPattern: ${shown(args)}`, draft);
  if (verdict === "allow" && (named.native === "replace" || named.native === "EditTool") && !says(tree, "write_file")) {
    draft.say(
      label,
      tree.at,
      "lets files be changed, not made, there",
      "not carried over: `Edit` here covers both; it asks",
    );
    return [];
  }
  return [
    { ...base, glob: named.glob, rules: [named.rule], ...(named.native === undefined ? {} : { native: named.native }) },
  ];
}

/** Does the rule name this tool too? */
function says(tree: Tree, name: string): boolean {
  const node = get(tree, "toolName");
  return node?.kind === "list" && node.items.some((item) => textOf(item) === name);
}

/** A pattern over the arguments that we cannot read: a limit grows to the whole tool, an allow is left out. */
function wider(rule: OrderedRule, key: string, draft: Draft): readonly OrderedRule[] {
  if (rule.verdict === "allow")
    draft.say(
      `${rule.name}: ${key}`,
      rule.at,
      "allowed by a regular expression there",
      "not carried over: rules here are words and `*`",
    );
  else
    draft.say(
      `${rule.name}: ${key}`,
      rule.at,
      `${rule.verdict} by a regular expression there`,
      `became \`${rule.rules[0] ?? rule.tool}\` as a whole, which is stricter`,
    );
  return rule.verdict === "allow" ? [] : [{ ...rule, glob: "*" }];
}

const MOST_PREFIXES = 64;

/** `git (status|diff)\b.*` → its word prefixes; `undefined` for anything else than words, one level of alternatives and an end. */
export function prefixesOf(regex: string): readonly string[] | undefined {
  const body = regex.replace(/^\^/, "").replace(/(?:\\b|\.\*|\(\?:\\s\|\$\)|\(\\s\|\$\)|\\s\.\*)+\$?$/, "");
  if (/\$$/.test(body)) return undefined;
  let forms: readonly string[] = [""];
  for (const part of body.match(/\((?:\?:)?[A-Za-z0-9_ ./|-]+\)|\\s\+|\\ |\\[.\-/]|[A-Za-z0-9_ /=:@,-]|[\s\S]/g) ??
    []) {
    const choice = /^\((?:\?:)?([A-Za-z0-9_ /|-]+)\)$/.exec(part)?.[1]?.split("|");
    const literal =
      part === "\\s+"
        ? " "
        : /^\\[ .\-/]$/.test(part)
          ? part.slice(1)
          : /^[A-Za-z0-9_ /=:@,-]$/.test(part)
            ? part
            : undefined;
    const next = choice ?? (literal === undefined ? undefined : [literal]);
    if (next === undefined) return undefined;
    forms = forms.flatMap((form) => next.map((text) => form + text));
    if (forms.length > MOST_PREFIXES) return undefined;
  }
  const clean = forms.map((form) => form.trim());
  return clean.every((form) => form !== "") ? clean : undefined;
}
