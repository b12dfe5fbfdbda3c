// What denies or asks, whatever else allows: rules on words, paths and hosts (DESIGN 7 rules 3, 4 and 7), and irreversible.ts.
import type { Reason } from "../decision.ts";
import { parseHost } from "../net/host.ts";
import type { Command, Effect, ShellWord } from "../shell/index.ts";
import { BETWEEN } from "./bash-rule.ts";
import { irreversible } from "./irreversible.ts";
import { type Judge, matched } from "./judge.ts";
import { broughtTo, hasLimits, limitOn, limitWithin, type NamedPath, pathOf } from "./judge-paths.ts";
import { bashRules } from "./rule-index.ts";

/** Every reason against a command itself. What it runs is judged on its own. */
export function limitsOn(command: Command, judge: Judge): readonly Reason[] {
  return [
    ...bashLimits(command, judge),
    ...pathLimits(command, judge),
    ...hostLimits(command, judge),
    ...irreversible(command, judge),
  ];
}

/** Ask and deny rules of Bash: on the words, and on every other spelling of them. */
function bashLimits(command: Command, judge: Judge): readonly Reason[] {
  // for ask and deny a variable set once to a constant is constant
  const words = command.words.flatMap((w): readonly (string | undefined)[] =>
    w.value === undefined ? (w.likely ?? [undefined]) : [w.value],
  );
  const forms = [words, ...command.alsoKnownAs];
  const reasons: Reason[] = [];
  for (const verdict of ["deny", "ask"] as const) {
    const concerned = new Set(forms.flatMap((form) => bashRules(judge.rules[verdict], form[0])));
    for (const rule of concerned) {
      const bash = rule.bash;
      if (bash === undefined) continue;
      let best: Reason | undefined;
      for (const form of forms) {
        const unknownAt = form.indexOf(undefined);
        if (unknownAt < 0) {
          if (bash.matches(form.join(BETWEEN))) best = matched(rule, verdict, command);
        } else {
          const leading = form.slice(0, unknownAt).join(BETWEEN);
          if (unknownAt > 0 && bash.coversFrom(leading)) best = matched(rule, verdict, command);
          else if (best === undefined && bash.couldMatch(leading))
            best = { ...matched(rule, "ask", command), code: "rule-not-excluded" };
        }
        if (best?.verdict === "deny") break;
      }
      if (best !== undefined) reasons.push(best);
    }
  }
  return reasons;
}

/** Ask and deny rules of Read, Write and Edit: on effects, and on every word that could name a path. */
function pathLimits(command: Command, judge: Judge): readonly Reason[] {
  const { rules, facts } = judge;
  const reads = hasLimits("read", rules);
  const writes = hasLimits("write", rules);
  if (!reads && !writes) return [];
  const reasons: Reason[] = [];
  for (const effect of command.effects) {
    // what is named after it stands nobody knows where
    if (effect.kind === "gadget" && effect.code === "directory-not-known")
      reasons.push({ code: "rule-not-excluded", verdict: "ask", subject: command.text });
    if (effect.kind !== "read" && effect.kind !== "write" && effect.kind !== "delete") continue;
    const access = effect.kind === "read" ? "read" : "write";
    // for ask and deny a variable set once to a constant is constant
    const [likely, more] = effect.path.value === undefined ? (effect.path.likely ?? []) : [];
    const word = likely === undefined || more !== undefined ? effect.path : { ...effect.path, value: likely };
    const path = pathOf(word, command.directories, facts);
    const limit = path === undefined ? undefined : limitOn(path, access, rules);
    if (limit !== undefined) reasons.push(effect.kind === "read" && effect.content === false ? doubted(limit) : limit);
    else if (path !== undefined) reasons.push(...limitsAround(effect, path, judge));
    const content = effect.kind !== "read" || effect.content !== false;
    const open = path === undefined || (effect.kind === "read" && effect.recursive === true);
    if (open && content && (access === "read" ? reads : writes))
      reasons.push({ code: "rule-not-excluded", verdict: "ask", subject: effect.path.text });
  }
  for (const effect of command.effects) {
    if (effect.kind !== "gadget" || effect.program === undefined) continue;
    for (const { word } of pathsInCode(effect.program)) {
      const path = pathOf(word, command.directories, facts);
      const limit = path === undefined ? undefined : limitOn(path, "write", rules);
      if (limit !== undefined && !reasons.some((r) => r.rule === limit.rule)) reasons.push(doubted(limit));
    }
  }
  const codes = new Map<number, string[]>();
  for (const e of command.effects) if (e.kind === "gadget") codes.set(e.index, [...(codes.get(e.index) ?? []), e.code]);
  // whose words are text and nothing else
  const prints = command.readOnly && command.words[0]?.value === "echo";
  command.words.forEach((word, index) => {
    if (index === 0 || prints) return;
    // an option's effect stands at the option, its value behind it
    const option = command.words[index - 1]?.value?.startsWith("-") === true ? (codes.get(index - 1) ?? []) : [];
    const here = [...(codes.get(index) ?? []), ...option];
    // for ask and deny a variable set once to a constant is constant; without one the file that is read may be any
    const [likely, more] = word.value === undefined ? (word.likely ?? []) : [];
    const known = likely === undefined || more !== undefined ? word : { ...word, value: likely };
    if (reads && known.value === undefined && here.some((code) => Object.hasOwn(READS_WORD, code)))
      reasons.push({ code: "rule-not-excluded", verdict: "ask", subject: word.text });
    const access = accessBy(command, index);
    for (const candidate of [
      ...pathCandidates(known),
      ...(here.some((code) => HOLDS_CODE.has(code)) ? pathsInCode(word.value ?? word.prefix) : []),
    ]) {
      const path = pathOf(candidate.word, command.directories, facts);
      const limit = path === undefined ? undefined : limitOn(path, access, rules);
      if (limit === undefined || reasons.some((r) => r.rule === limit.rule && r.verdict === "deny")) continue;
      const named = here.some((code) => READS_WORD[code]?.test(candidate.before) === true);
      const denied = named && path !== undefined ? limitOn(path, "read", rules) : undefined;
      reasons.push(denied ?? doubted(limit));
    }
  });
  return reasons;
}

/** What a word could be used for, as a path: one that is known to be read, or whose command changes nothing, is not written. */
function accessBy(command: Command, index: number): "read" | "write" {
  const reads = (effect: Effect): boolean => effect.kind === "read" || effect.kind === "directory";
  const here = command.effects.filter((effect) => effect.index === index);
  const quiet = (command.free || command.readOnly) && command.effects.every(reads);
  return quiet || (here.some((effect) => effect.kind === "read") && here.every(reads)) ? "read" : "write";
}

/** What a rule says of things that come, go or get another name together with this path, or that are put into it. */
function limitsAround(effect: PathEffect, path: NamedPath, { rules, facts }: Judge): readonly Reason[] {
  const access = effect.kind === "read" ? "read" : "write";
  const unsure = (folder: NamedPath): readonly Reason[] => {
    const rule = limitWithin(folder, access, rules);
    return rule === undefined
      ? []
      : [{ code: "rule-not-excluded", verdict: "ask", subject: folder.shown, rule: rule.text.text, at: rule.text.at }];
  };
  if (effect.kind === "read") return effect.renamed === true ? unsure(path) : [];
  const { brings, tree } = effect;
  if (brings === undefined) return tree === true ? unsure(path) : [];
  const isFolder = /(?:^|\/)\.{0,2}$/.test(path.shown);
  const brought = broughtTo(path, brings, facts);
  // a folder takes the place of the path itself, or its contents come to stand there
  const merges = (tree === true && !isFolder) || brought.length < new Set(brings.map(({ text }) => text)).size;
  return [
    ...brought.flatMap((each) => {
      const limit = limitOn(each, "write", rules);
      if (limit === undefined) return tree === true ? unsure(each) : [];
      return [isFolder ? limit : doubted(limit)];
    }),
    ...(merges ? unsure(path) : []),
  ];
}

type PathEffect = Extract<Effect, { readonly kind: "read" | "write" | "delete" }>;

/** A host that a `WebFetch` rule limits by name, in a program's words: whoever limits it meant no other way there either, so a person is asked. */
function hostLimits(command: Command, { rules }: Judge): readonly Reason[] {
  if (command.free || command.readOnly) return [];
  const limits = [...rules.deny, ...rules.ask].filter(
    ({ rule }) => rule.tool === "WebFetch" && rule.domain !== undefined,
  );
  if (limits.length === 0) return [];
  const words = command.words.slice(1).flatMap(({ value }) => value ?? []);
  const hosts = words.flatMap((word) => hostIn(word.replace(/^(?:-H)?host:\s*/i, "")) ?? []);
  // curl makes several addresses of `https://{a,b}.example` itself
  const several = words.some((word) => SEVERAL_HOSTS.test(word) && hostIn(word) === undefined);
  return limits
    .filter(({ domain }) => several || hosts.some((host) => domain?.(host)))
    .map((rule) => ({ ...matched(rule, "ask", command), code: "rule-not-excluded" }));
}

const SEVERAL_HOSTS = /^(?:-{1,2}[\w-]+=)?[a-z][\w+.-]*:\/\/[^/?#]*[{[]/i;

/** The host of `https://host/x`, `user@host:x`, `host:443` or a bare `host.name`. */
export function hostIn(word: string): string | undefined {
  const [, host] =
    /^(?:-{1,2}[\w-]+=)?(?:[a-z][\w+.-]*:\/\/)?(?:[^/?#@\s]*@)?(\[[\da-f:.]+\]|[^/?#:@\s[\]]+)(?:[:/?#]|$)/i.exec(
      word,
    ) ?? [];
  return host === undefined || !/[.:]/.test(host) ? undefined : parseHost(host);
}

/** Effects that read the file their word names, by what may stand before its name in the word. */
const READS_WORD: Readonly<Record<string, RegExp>> = {
  config: /^(?:|-\w|--?[\w-]+=)$/,
  "runs-file": /^(?:|-\w|--?[\w-]+=)$/,
  editor: /^$/,
  "runs-pager": /^$/,
  "names-file": /^(?:|--?[\w-]+=)$/,
  "sends-file": /^(?:|-\w|--?[\w-]+=|.*@)$/,
  "sends-data": /@$/,
};

interface Candidate {
  readonly word: ShellWord;
  /** The part of the written word before it. */
  readonly before: string;
}

/** Every way a word may hold a path: whole, after `=`, `:` or `@`, or attached to a letter. */
function pathCandidates(word: ShellWord): readonly Candidate[] {
  const value = word.value;
  if (value === undefined) return [];
  const starts = new Set([0]);
  for (const mark of value.matchAll(/[=:@,]/g)) starts.add(mark.index + 1);
  if (/^-[A-Za-z]./.test(value)) starts.add(2);
  return [...starts]
    .map((at) => ({ text: value.slice(at), before: value.slice(0, at) }))
    .filter(({ text }) => text !== "" && text.length < 4096)
    .map(({ text, before }) => ({
      word: { ...word, value: text, tilde: word.tilde || text.startsWith("~/") },
      before,
    }));
}

/** Effects whose word is code that nobody reads. */
const HOLDS_CODE: ReadonlySet<string> = new Set(["runs-code", "script"]);

const MOST_NAMES = 256;

/** What code names as a path, by its letters: `open('.env')` reads it or not, and that cannot be excluded. */
function pathsInCode(code: string): readonly Candidate[] {
  const names = code.split(/[\s"'`()<>|;,=+&{}[\]\\]+/).filter((name) => /[./]/.test(name) && name.length < 4096);
  return [...new Set(names)].slice(0, MOST_NAMES).map((name) => ({
    word: { text: name, value: name, likely: [name], prefix: name, kind: "constant", tilde: name.startsWith("~/") },
    before: "(",
  }));
}

/** A rule that may be meant, and is not provably: a deny becomes a question, and is not called an ask rule. */
function doubted(limit: Reason): Reason {
  return { ...limit, code: "rule-not-excluded", verdict: "ask" };
}
