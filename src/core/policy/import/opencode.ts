// OpenCode's opencode.json: `permission`, where the last match wins and `*` crosses `/` (facts: docs/import.md).
import type { Problem, Span } from "../../result.ts";
import type { Verdict } from "../../verdict.ts";
import type { Draft } from "./draft.ts";
import { readJson } from "./jsonc.ts";
import { addOrdered, type OrderedRule } from "./ordered.ts";
import { allowPattern, bracketsAsTheyAre, isCommon, spanning } from "./path-pattern.ts";
import PREFERENCES from "./preferences.json" with { type: "json" };
import { bashGlob } from "./shell-words.ts";
import type { ImportSource } from "./source.ts";
import { flagOf, get, shown, type Tree, textOf } from "./tree.ts";
import { type Handler, map, none, preferences, silent, walk } from "./walk.ts";

/** OpenCode's word for a permission → our tool. */
const TOOLS: Readonly<Record<string, string>> = {
  bash: "Bash",
  read: "Read",
  glob: "Read",
  grep: "Read",
  list: "Read",
  lsp: "lsp",
  edit: "Edit",
  write: "Edit",
  patch: "Edit",
  multiedit: "Edit",
  apply_patch: "Edit",
  webfetch: "WebFetch",
  websearch: "websearch",
  codesearch: "codesearch",
  task: "Agent",
  skill: "skill",
  question: "question",
  todowrite: "todowrite",
  todoread: "todoread",
};
/** What a rule for everything reaches. */
const EVERY = ["bash", "read", "edit", "webfetch", "websearch", "codesearch", "task", "skill", "mcp__*"];
/** Those whose patterns are paths. Of the others that take patterns only `bash`, `webfetch` and `task` are known to us. */
const PATHS = ["read", "edit", "write", "patch", "multiedit", "apply_patch", "list"];

/** The importer. */
export function importOpenCode(source: ImportSource, draft: Draft): readonly Problem[] {
  const tree = readJson(source.file, source.text);
  if (!tree.ok) return [tree.error];
  const rules: OrderedRule[] = [];
  const elsewhere = none(draft, "belongs to OpenCode itself", "has no equal here: stays in its own settings");
  walk(
    tree.value,
    "",
    {
      $schema: silent,
      permission: (value, key, at) => permission(value, key, at, { rules, draft }),
      tools: (value, key) => tools(value, key, { rules, draft }),
      agent: (value, key) => agents(value, key, draft),
      mode: (value, key) => agents(value, key, draft),
      mcp: map(draft, {}, (_value, key, at) =>
        draft.say(
          key,
          at,
          "starts an MCP server there",
          "not carried over: OpenCode starts it inside the fence, and its tools ask; allow `mcp__SERVER__TOOL`",
        ),
      ),
      plugin: elsewhere,
      command: elsewhere,
      instructions: elsewhere,
      provider: elsewhere,
      experimental: elsewhere,
      formatter: elsewhere,
      lsp: elsewhere,
      ...preferences(draft, ...PREFERENCES.opencode),
    },
    draft,
  );
  addOrdered([...rules].reverse(), draft);
  unset(get(tree.value, "permission"), draft);
  return [];
}

interface Sink {
  readonly rules: OrderedRule[];
  readonly draft: Draft;
}

/** What is not set is allowed there. */
function unset(permission: Tree | undefined, draft: Draft): void {
  if (permission?.kind !== "map" || permission.entries.some((e) => e.key === "*")) return;
  const missing = ["bash", "edit", "webfetch"].filter((key) => get(permission, key) === undefined);
  if (missing.length > 0)
    draft.say(
      `permission: ${missing.join(", ")}`,
      permission.at,
      "not set, which allows it there",
      "stricter here: what no rule allows asks",
    );
}

function permission(value: Tree, key: string, at: Span, sink: Sink): void {
  if (value.kind === "map") {
    // a key that is written twice keeps its last value at its first place; the walk would lose the order
    for (const entry of value.entries) one(entry.key, entry.value, `${key}.${entry.key}`, sink);
  } else one("*", value, key, { ...sink });
  if (value.kind === "list") sink.draft.say(key, at, "is a list", "not carried over");
}

function one(name: string, value: Tree, key: string, sink: Sink): void {
  if (name === "external_directory") return external(value, key, sink.draft);
  if (name === "doom_loop")
    return sink.draft.say(
      `${key}: ${shown(value)}`,
      value.at,
      "what happens when the agent repeats itself there",
      "has no equal yet: `budget.repeats` will",
    );
  if (value.kind === "map")
    for (const entry of value.entries) add(name, entry.key, entry.value, `${key}.${entry.key}`, sink);
  else add(name, "*", value, key, sink);
}

function add(name: string, pattern: string, value: Tree, key: string, sink: Sink): void {
  const word = textOf(value);
  const verdict: Verdict | undefined = word === "allow" || word === "ask" || word === "deny" ? word : undefined;
  if (verdict === undefined)
    return sink.draft.say(`${key}: ${shown(value)}`, value.at, "is none of allow, ask, deny", "not carried over");
  const names = name === "*" ? EVERY : [name];
  for (const each of names) {
    const rule = ruleOf({ name: each, pattern, verdict, at: value.at, label: `${key}: ${word}` }, sink.draft);
    if (rule !== undefined) sink.rules.push(rule);
  }
}

interface Written {
  readonly name: string;
  readonly pattern: string;
  readonly verdict: Verdict;
  readonly at: Span;
  readonly label: string;
}

function ruleOf(written: Written, draft: Draft): OrderedRule | undefined {
  const { name, pattern, verdict, at, label } = written;
  const limit = verdict !== "allow";
  const tool = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
  const base = { verdict, at, name: label };
  if (tool === undefined) return mcpRule(written, draft);
  if (pattern.trim() === "") return void draft.say(label, at, "matches nothing there", "not carried over");
  if (pattern === "*") return { ...base, tool, glob: "*", rules: [tool] };
  if (tool === "Bash") {
    const plain = pattern.replaceAll("?", "*");
    if (plain !== pattern && !limit)
      return void draft.say(
        label,
        at,
        "`?` stands for one character there",
        "not carried over: a rule here has `*` only",
      );
    if (plain !== pattern) draft.say(label, at, "`?` stands for one character there", "stricter here: it became `*`");
    return { ...base, tool, glob: plain, rules: [bashGlob(plain)] };
  }
  if (tool === "WebFetch") return web(written, draft);
  if (tool === "Agent") return { ...base, tool, glob: pattern, rules: [`Agent(${pattern})`] };
  const expanded = pattern.replace(/^\$HOME(?=\/|$)/, "~").replace(/^\/(?!\/)/, "//");
  if (PATHS.includes(name) && isCommon(expanded)) {
    const plain = bracketsAsTheyAre(expanded);
    const texts = limit ? spanning(plain) : [allowPattern(plain)];
    return { ...base, tool, glob: pattern, rules: texts.map((text) => `${tool}(${text})`) };
  }
  if (!limit)
    return void draft.say(
      label,
      at,
      "allowed by a pattern there",
      `not carried over: ${tool} is not judged by that pattern here, so it asks`,
    );
  draft.say(label, at, `${verdict} by a pattern there`, `became \`${tool}\` as a whole, which is stricter`);
  return { ...base, tool, glob: pattern, rules: [tool] };
}

/** A pattern over whole URLs: only one that names a host can be held. */
function web({ pattern, verdict, at, label }: Written, draft: Draft): OrderedRule | undefined {
  const host =
    /^(?:https?|\*):\/\/(\*\.)?([A-Za-z0-9.-]+)(?:\/\*)?\**$/.exec(pattern) ??
    /^(\*\.)?([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(?:\/\*)?$/.exec(pattern);
  const base = { verdict, at, name: label, tool: "WebFetch", glob: pattern };
  if (host?.[2] !== undefined) return { ...base, rules: [`WebFetch(domain:${host[1] ?? ""}${host[2]})`] };
  if (verdict === "allow")
    return void draft.say(label, at, "allowed by its address there", "not carried over: a web rule here names a host");
  draft.say(label, at, `${verdict} by its address there`, "became `WebFetch` as a whole, which is stricter");
  return { ...base, rules: ["WebFetch"] };
}

/** Any other word is the name of a tool, mostly `SERVER_TOOL` of an MCP server. */
function mcpRule({ name, pattern, verdict, at, label }: Written, draft: Draft): OrderedRule | undefined {
  const base = { verdict, at, name: label };
  if (name === "mcp__*") return { ...base, tool: "mcp", glob: "*", rules: verdict === "allow" ? [] : ["mcp__*"] };
  const split = /^([A-Za-z0-9.-]+?)_([A-Za-z0-9_.*-]+)$/.exec(name.replaceAll("?", "*"));
  if (pattern !== "*" && verdict === "allow")
    return void draft.say(
      label,
      at,
      "allowed by a pattern there",
      "not carried over: MCP tools are judged by name here",
    );
  if (split?.[1] === undefined || split[2] === undefined) {
    if (verdict !== "allow" && /^[a-z][a-z0-9_-]*$/.test(name))
      return { ...base, tool: name, glob: "*", rules: [name] };
    return void draft.say(
      label,
      at,
      `${verdict} for a tool that is not known here`,
      "not carried over: unknown tools ask",
    );
  }
  if (pattern !== "*")
    draft.say(label, at, `${verdict} by a pattern there`, "became a rule for the whole tool, which is stricter");
  return { ...base, tool: "mcp", glob: name, rules: [`mcp__${split[1]}__${split[2]}`] };
}

function external(value: Tree, key: string, draft: Draft): void {
  const entries =
    value.kind === "map" ? value.entries.map((e) => ({ pattern: e.key, value: e.value })) : [{ pattern: "*", value }];
  for (const { pattern, value: word } of entries) {
    const path = pattern.replace(/^\$HOME(?=\/|$)/, "~").replace(/^\/(?!\/)/, "//");
    const label = `${key}.${pattern}: ${textOf(word) ?? shown(word)}`;
    if (textOf(word) === "ask" && pattern === "*") continue; // what lies outside asks here too
    if (textOf(word) === "allow" && /^(?:\/\/|~\/)/.test(path) && isCommon(path)) {
      draft.rule("allow", `Read(${path})`, word.at);
      const folder = path.replace(/\/\*+$/, "");
      if (!/[*?[]/.test(folder)) draft.add({ key: "sandbox.filesystem.allowRead", value: folder, at: word.at });
      draft.say(
        label,
        word.at,
        "outside the workspace the other rules decide there",
        "read only here; to write there add it to `sandbox.filesystem.allowWrite` and allow `Edit`",
      );
    } else if (textOf(word) !== "allow" && /^(?:\/\/|~\/)/.test(path) && isCommon(path)) {
      for (const text of spanning(bracketsAsTheyAre(path)))
        draft.rule(textOf(word) === "ask" ? "ask" : "deny", `Read(${text})`, word.at);
    } else
      draft.say(
        label,
        word.at,
        "what happens outside the workspace there",
        "of the disk the fence shows what the policy names; a call that names the rest asks",
      );
  }
}

/** `tools: {bash: false}`, the older form. */
function tools(value: Tree, key: string, sink: Sink): void {
  walk(value, key, {}, sink.draft, (flag, full, at) => {
    const name = full.slice(key.length + 1);
    if (flagOf(flag) === false) {
      const rule = ruleOf({ name, pattern: "*", verdict: "deny", at, label: `${full}: false` }, sink.draft);
      if (rule !== undefined) sink.rules.push(rule);
    } else
      sink.draft.say(
        `${full}: ${shown(flag)}`,
        at,
        "the tool is there",
        "needs no rule: what it may do is asked or allowed by rules",
      );
  });
}

/** Permissions of one agent alone: rules here hold for all of them, so a limit is said and an allow is not taken. */
function agents(value: Tree, key: string, draft: Draft): void {
  const each: Handler = (agent, full) => {
    const own = get(agent, "permission") ?? get(agent, "tools");
    if (own !== undefined)
      draft.say(
        `${full}: ${shown(own)}`,
        own.at,
        "rules for that agent alone there",
        "not carried over: rules here hold for every agent; put the limits that matter into the policy",
      );
  };
  walk(value, key, {}, draft, each);
}
