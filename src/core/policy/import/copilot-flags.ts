// Copilot CLI's permission flags: `--allow-tool 'shell(git:*)'`, `--deny-tool 'shell(git push)'`, `--allow-url`, … one text with quotes
// and line continuations, as a script or an alias has them. Deny wins there too.
import type { Problem, Span } from "../../result.ts";
import type { Draft } from "./draft.ts";
import { addFolder } from "./folder.ts";
import { webRule } from "./network.ts";
import { isCommon } from "./path-pattern.ts";
import { bashRule, splitWords } from "./shell-words.ts";
import type { ImportSource } from "./source.ts";

interface Word {
  readonly text: string;
  readonly at: Span;
}

/** Reads the flags. */
export function copilotFlags(source: ImportSource, draft: Draft): readonly Problem[] {
  const words = wordsOf(source);
  if ("message" in words) return [words];
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (word === undefined) continue;
    const equals = word.text.startsWith("--") ? word.text.indexOf("=") : -1;
    const name = equals < 0 ? word.text : word.text.slice(0, equals);
    const next = words[i + 1];
    if (Object.hasOwn(VALUED, name)) {
      const values: Word[] = equals < 0 ? [] : [{ text: word.text.slice(equals + 1), at: word.at }];
      // a flag takes every word up to the next flag
      if (equals < 0)
        while (words[i + 1] !== undefined && !words[i + 1]?.text.startsWith("-")) values.push(words[++i] as Word);
      if (values.length === 0) draft.say(name, word.at, "has no value", "not carried over");
      for (const value of values) VALUED[name]?.(value, name, draft);
    } else if (Object.hasOwn(SWITCHES, name)) SWITCHES[name]?.(word, name, draft);
    else if (/^-/.test(name)) {
      draft.say(
        word.text,
        word.at,
        "a flag that says nothing of permissions, or is not known here",
        "not carried over",
      );
      if (equals < 0 && next !== undefined && !next.text.startsWith("-")) i++;
    } else if (!/^(?:.*\/)?copilot(?:\.exe)?$|^(?:exec|command|alias)$/.test(name))
      draft.say(word.text, word.at, "is no flag", "not carried over");
  }
  return [];
}

type Flag = (word: Word, name: string, draft: Draft) => void;

const listed =
  (list: "allow" | "deny"): Flag =>
  (word, name, draft) => {
    for (const text of topLevel(word.text)) toolRule(list, text, `${name} ${text}`, word.at, draft);
  };
const url =
  (list: "allow" | "deny"): Flag =>
  (word, name, draft) => {
    for (const text of topLevel(word.text)) webRule(list, text, name, word.at, draft);
  };
const says =
  (there: string, here: string): Flag =>
  (word, name, draft) =>
    draft.say(word.text === name ? name : `${name} ${word.text}`, word.at, there, here);

const VALUED: Readonly<Record<string, Flag>> = {
  "--allow-tool": listed("allow"),
  "--deny-tool": listed("deny"),
  "--excluded-tools": listed("deny"),
  "--available-tools": says("the only tools there are", "stricter by asking: what no rule allows asks here"),
  "--allow-url": url("allow"),
  "--deny-url": url("deny"),
  "--add-dir": (word, name, draft) => addFolder(word.text, name, word.at, draft),
  "--secret-env-vars": says(
    "variables whose values are hidden there",
    "needs no rule: the environment is built from nothing",
  ),
  "--disable-mcp-server": (word, _name, draft) => void draft.rule("deny", `mcp__${word.text}`, word.at),
  "--additional-mcp-config": says(
    "starts MCP servers there",
    "not carried over: they start inside the fence, and their tools ask",
  ),
  "--mode": says("the mode at start there", "not carried over: see `permissions.mode`"),
};

const all = says("everything of that kind passes without a question there", "not carried over: name what should pass");
const SWITCHES: Readonly<Record<string, Flag>> = {
  "--allow-all-tools": all,
  "--allow-all-paths": all,
  "--allow-all-urls": all,
  "--allow-all": all,
  "--yolo": all,
  "--autopilot": all,
  "--trust-folder": says(
    "settings of the folder count there",
    "needs no rule: a policy inside a workspace loosens only after `ringfence policy trust`",
  ),
  "--disallow-temp-dir": says("the temporary folder is closed there", "private here: the fence has a /tmp of its own"),
  "--sandbox": () => undefined,
  "--no-sandbox": says("commands run outside the agent's sandbox there", "stricter here: everything runs in the fence"),
  "--no-ask-user": says("nobody is asked there", "here a question that nobody answers is a no"),
  "--disable-builtin-mcps": (word, _name, draft) => void draft.rule("deny", "mcp__github-mcp-server", word.at),
};

/** `shell(git push)`, `write(path)`, `url(host)`, `SERVER(tool)`, or a bare kind. */
function toolRule(list: "allow" | "deny", text: string, label: string, at: Span, draft: Draft): void {
  const match = /^([A-Za-z0-9_.-]+)(?:\(([\s\S]*)\))?$/.exec(text.trim());
  const [, kind, raw] = match ?? [];
  const inner = raw?.trim() === "" || raw?.trim() === "*" ? undefined : raw?.trim();
  const done = list === "allow" ? "allowed there" : "denied there";
  if (kind === undefined) return draft.say(label, at, done, "not carried over: it is not of the form `kind(argument)`");
  switch (kind) {
    case "shell":
    case "bash": {
      if (inner === undefined) return void draft.rule(list, "Bash", at);
      const words = splitWords(inner.replace(/:\*$/, "").replace(/\s+\*$/, ""));
      // a command stands there for all its arguments
      const rule = words === undefined ? undefined : bashRule(words, true);
      if (rule === undefined) return draft.say(label, at, done, "not carried over: no rule can hold that command");
      return void draft.rule(list, rule, at);
    }
    case "write":
      return fileRule(list, "Edit", inner, label, at, draft);
    case "read":
    case "view":
      return fileRule(list, "Read", inner, label, at, draft);
    case "url":
    case "web_fetch":
      return inner === undefined ? void draft.rule(list, "WebFetch", at) : webRule(list, inner, label, at, draft);
    case "create":
    case "edit":
      return void draft.rule(list, list === "allow" ? "Edit(./**)" : "Edit", at);
    case "glob":
    case "grep":
      return void draft.rule(list, list === "allow" ? "Read(./**)" : "Read", at);
    case "task":
      return void draft.rule(list, "Agent", at);
    case "memory":
      return void draft.rule(list, "memory", at);
    default:
      return void draft.rule(list, inner === undefined ? `mcp__${kind}` : `mcp__${kind}__${inner}`, at);
  }
}

/** A path of the workspace; one that our patterns cannot hold makes a deny wider. */
function fileRule(
  list: "allow" | "deny",
  tool: "Edit" | "Read",
  inner: string | undefined,
  label: string,
  at: Span,
  draft: Draft,
): void {
  if (inner === undefined) return void draft.rule(list, list === "allow" ? `${tool}(./**)` : tool, at);
  if (!isCommon(inner)) {
    const why = "a pattern here has no negation, escape, brace or extended glob";
    draft.say(
      label,
      at,
      list === "allow" ? "allowed there" : "denied there",
      list === "allow" ? `not carried over: ${why}` : `became \`${tool}\` as a whole: ${why}`,
    );
    return list === "allow" ? undefined : void draft.rule("deny", tool, at);
  }
  const path = inner.startsWith("/") ? `/${inner}` : inner;
  draft.rule(list, `${tool}(${list === "allow" && !path.includes("/") ? `./${path}` : path})`, at);
}

/** `a,b(c,d)` → `a`, `b(c,d)`. */
function topLevel(text: string): readonly string[] {
  const parts: string[] = [""];
  let depth = 0;
  for (const c of text) {
    if (c === "(") depth++;
    if (c === ")") depth--;
    if (c === "," && depth <= 0) parts.push("");
    else parts[parts.length - 1] += c;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/** Words with their lines; comments and continuations are gone. */
function wordsOf({ file, text }: ImportSource): readonly Word[] | Problem {
  const words: Word[] = [];
  let i = 0;
  let line = 1;
  while (i < text.length) {
    const c = text.charAt(i);
    if (c === "\n") line++;
    if (/\s/.test(c) || (c === "\\" && /^\\\r?\n/.test(text.slice(i, i + 3)))) {
      i++;
      continue;
    }
    if (c === "#") {
      const end = text.indexOf("\n", i);
      i = end < 0 ? text.length : end;
      continue;
    }
    const match = /(?:'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[^\n]|[^\s'"\\])+/y;
    match.lastIndex = i;
    const raw = match.exec(text)?.[0];
    const split = raw === undefined ? undefined : splitWords(raw);
    const at = { file, line, column: i - text.lastIndexOf("\n", i) };
    if (raw === undefined || split === undefined)
      return {
        code: "import-unreadable",
        message: "a quote does not end",
        at,
        hint: "mend the file; what cannot be read is not imported in part",
      };
    words.push({ text: split.join(" "), at });
    line += raw.split("\n").length - 1;
    i += raw.length;
  }
  return words;
}
