// Codex `.rules` and the `prefix_rules` of requirements.toml: a prefix of words, with alternatives, and a decision. Strictest wins there too.
import type { Span } from "../../result.ts";
import type { Draft, RuleList } from "./draft.ts";
import { bashRule, splitWords } from "./shell-words.ts";
import { readStarlark, type Statement } from "./starlark.ts";
import { get, shown, type Tree, textOf } from "./tree.ts";

const LISTS: Readonly<Record<string, RuleList>> = { allow: "allow", prompt: "ask", forbidden: "deny" };
/** Most rules that one prefix with alternatives becomes. */
const MOST = 256;
const KNOWN = ["pattern", "decision", "justification", "match", "not_match"];

/** A `.rules` file. */
export function importRules(file: string, text: string, draft: Draft): void {
  for (const statement of readStarlark(file, text)) one(statement, draft);
}

function one(statement: Statement, draft: Draft): void {
  const { at } = statement;
  if (statement.kind === "unknown")
    return draft.say(
      statement.text.slice(0, 120),
      at,
      "a statement that is no plain rule",
      `not carried over: ${statement.why}; if it forbids something, write that rule by hand`,
    );
  const { name, named, positional } = statement;
  const field = (key: string): Tree | undefined => named.get(key);
  if (name === "host_executable")
    return draft.say(
      `host_executable(${textOf(field("name")) ?? "?"})`,
      at,
      "says by which paths a program may be named",
      "stricter here: an allow rule matches the plain name only, a deny rule every path",
    );
  if (name === "network_rule") return network(named, at, draft);
  if (name !== "prefix_rule")
    return draft.say(`${name}(…)`, at, "a function that is not known here", "not carried over");
  for (const key of named.keys())
    if (!KNOWN.includes(key))
      draft.say(
        `prefix_rule: ${key}`,
        at,
        "an argument that is not known here",
        "not carried over; the rule is, without it",
      );
  const [first] = positional;
  const [match, notMatch] = [examples(field("match"), draft), examples(field("not_match"), draft)];
  prefixRule(
    {
      pattern: words(field("pattern") ?? first),
      decision: field("decision"),
      justification: textOf(field("justification")),
      match,
      notMatch,
      at,
    },
    draft,
  );
}

/** One prefix rule of either file. */
export interface PrefixRule {
  /** The alternatives of each word; `undefined` when it is no such list. */
  readonly pattern: readonly (readonly string[])[] | undefined;
  readonly decision: Tree | undefined;
  readonly justification?: string | undefined;
  readonly match?: readonly (readonly string[])[];
  readonly notMatch?: readonly (readonly string[])[];
  readonly at: Span;
}

/** Writes it down as `Bash(words *)`, one for each choice of alternatives. */
export function prefixRule(rule: PrefixRule, draft: Draft): void {
  const { pattern, at } = rule;
  const word = rule.decision === undefined ? "allow" : textOf(rule.decision);
  const list = word !== undefined && Object.hasOwn(LISTS, word) ? LISTS[word] : undefined;
  if (pattern === undefined || pattern.length === 0 || pattern.some((alternatives) => alternatives.length === 0))
    return draft.say("prefix_rule", at, "has no pattern of words", "not carried over");
  const name = `prefix_rule(${pattern.map((a) => (a.length === 1 ? a[0] : `[${a.join("|")}]`)).join(" ")})`;
  if (list === undefined)
    return draft.say(
      name,
      at,
      `has no decision that is known (${rule.decision === undefined ? "none" : shown(rule.decision)})`,
      "not carried over",
    );
  const total = pattern.reduce((n, alternatives) => n * alternatives.length, 1);
  if (total > MOST) {
    if (list === "allow") return draft.say(name, at, "allowed there", `not carried over: it stands for ${total} rules`);
    // the words before the first that has too many alternatives hold all of them
    let size = 1;
    const kept = pattern.filter((alternatives) => {
      size *= alternatives.length;
      return size <= MOST;
    });
    draft.say(name, at, `${word} for ${total} prefixes there`, "shortened to fewer words, which is stricter");
    return write({ ...rule, pattern: kept }, list, name, draft);
  }
  write({ ...rule, pattern }, list, name, draft);
}

function write(
  rule: PrefixRule & { readonly pattern: readonly (readonly string[])[] },
  list: RuleList,
  name: string,
  draft: Draft,
): void {
  let prefixes: readonly (readonly string[])[] = [[]];
  for (const alternatives of rule.pattern)
    prefixes = prefixes.flatMap((prefix) => alternatives.map((word) => [...prefix, word]));
  const { match = [], notMatch = [] } = rule;
  for (const prefix of prefixes) {
    // a word that no rule can hold ends the prefix of a limit, which is stricter; an allow would grow by that
    const bad = prefix.findIndex((word) => bashRule([word], true) === undefined);
    const kept = bad < 0 ? prefix : list === "allow" ? [] : prefix.slice(0, bad);
    const text = kept.length === 0 ? undefined : bashRule(kept, true);
    if (bad >= 0)
      draft.say(
        name,
        rule.at,
        `${list} there`,
        `${text === undefined ? "not carried over" : `shortened to \`${text}\``}: a word of it is empty or holds a control character, which no rule can hold`,
      );
    if (text === undefined) continue;
    const own = match.filter((words) => prefix.every((word, i) => words[i] === word));
    const examples = { match: own.flatMap(commandOf), notMatch: notMatch.flatMap(commandOf) };
    draft.rule(list, text, rule.at, {
      examples,
      ...(rule.justification === undefined ? {} : { note: rule.justification }),
    });
  }
}

/** An example as one line of shell text. */
function commandOf(words: readonly string[]): readonly string[] {
  if (words.length === 0 || words.some((word) => /[\0-\x1f\x7f]/.test(word))) return [];
  return [
    words
      .map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
      .join(" "),
  ];
}

/** `["git", ["status", "diff"]]`; in requirements.toml `[{ token = "git" }, { any_of = ["status"] }]`. */
export function words(tree: Tree | undefined): readonly (readonly string[])[] | undefined {
  if (tree?.kind !== "list") return undefined;
  const all = tree.items.map((item) => {
    const single = textOf(item) ?? textOf(get(item, "token"));
    if (single !== undefined) return [single];
    const many = item.kind === "list" ? item : get(item, "any_of");
    if (many?.kind !== "list") return undefined;
    const texts = many.items.map((inner) => textOf(inner));
    return texts.includes(undefined) ? undefined : (texts as readonly string[]);
  });
  return all.includes(undefined) ? undefined : (all as readonly (readonly string[])[]);
}

function examples(tree: Tree | undefined, draft: Draft): readonly (readonly string[])[] {
  if (tree === undefined) return [];
  const items = tree.kind === "list" ? tree.items : [tree];
  return items.flatMap((item) => {
    const text = textOf(item);
    const found =
      text === undefined
        ? words(item)?.every((a) => a.length === 1)
          ? words(item)?.flat()
          : undefined
        : splitWords(text);
    if (found === undefined)
      draft.say(
        "example",
        item.at,
        "an example of a rule",
        "not carried over: it is neither a command nor a list of words",
      );
    return found === undefined ? [] : [found];
  });
}

function network(named: ReadonlyMap<string, Tree>, at: Span, draft: Draft): void {
  const host = textOf(named.get("host"));
  const decision = textOf(named.get("decision")) ?? "allow";
  if (host === undefined || !Object.hasOwn(LISTS, decision))
    return draft.say("network_rule", at, "names no host and decision", "not carried over");
  if (decision === "prompt")
    return draft.say(
      `network_rule(${host})`,
      at,
      "asked about there",
      "stricter here: a host that no rule allows is refused",
    );
  draft.add({ key: `sandbox.network.${decision === "allow" ? "allow" : "deny"}`, value: host, at });
}
