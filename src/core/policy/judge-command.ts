// One command of the Facts against the rules (DESIGN 7 rules 3 to 8). It is allowed only when the command itself and every one of its
// effects is covered and nothing denies or asks; what is not covered asks.
import type { Reason } from "../decision.ts";
import { isCommonPlace } from "../paths/index.ts";
import { type Command, type Effect, isInside, type ShellWord } from "../shell/index.ts";
import { strictest, type Verdict } from "../verdict.ts";
import { BETWEEN } from "./bash-rule.ts";
import {
  allowOn,
  hasLimits,
  isInWorkspace,
  limitOn,
  type NamedPath,
  namedPath,
  type PathFacts,
  pathOf,
  protectedReason,
} from "./judge-paths.ts";
import type { Mode } from "./policy.ts";
import { bashRules } from "./rule-index.ts";
import type { CompiledRule, CompiledRules } from "./rules.ts";

/** What the rules and the session say. */
export interface Judge {
  readonly rules: CompiledRules;
  readonly mode: Mode;
  readonly facts: PathFacts;
}

/** A command with its answer. */
export interface JudgedCommand {
  readonly text: string;
  readonly offset: number;
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly inner: readonly JudgedCommand[];
}

/** How far an allow rule for the command around this one spells its words: `Bash(find . -exec grep *)` spells `grep`. */
interface Granted {
  readonly rule: CompiledRule;
  readonly spelled: number;
}

/** Judges one command and everything it runs. */
export function judgeCommand(command: Command, judge: Judge, granted?: Granted): JudgedCommand {
  const own = longest(allowRule(command, judge.rules), granted);
  const inner = command.effects.flatMap((e) => {
    if (e.kind !== "run") return [];
    const rest =
      own !== undefined && e.index < command.words.length && own.spelled > e.index
        ? { ...own, spelled: own.spelled - e.index }
        : undefined;
    return e.inner.map((c) => judgeCommand(c, judge, rest));
  });
  const limits = [...bashLimits(command, judge), ...pathLimits(command, judge), ...irreversible(command, judge)];
  const denied = limits.some((r) => r.verdict === "deny");
  const covered = denied ? [] : coverage(command, judge, own);
  const reasons = [...limits, ...covered];
  return {
    text: command.text,
    offset: command.offset,
    verdict: strictest([...reasons.map((r) => r.verdict), ...inner.map((c) => c.verdict)]),
    reasons,
    inner,
  };
}

function longest(rule: CompiledRule | undefined, granted: Granted | undefined): Granted | undefined {
  if (rule === undefined) return granted;
  const spelled = rule.bash?.spelled ?? 0;
  return granted === undefined || spelled >= granted.spelled ? { rule, spelled } : granted;
}

/** Ask and deny rules of Bash: on the words, and on every other spelling of them. */
function bashLimits(command: Command, judge: Judge): readonly Reason[] {
  const forms = [command.words.map((w) => w.value), ...command.alsoKnownAs];
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

function matched(rule: CompiledRule, verdict: Verdict, command: Command): Reason {
  return { code: "rule-matched", verdict, subject: command.text, rule: rule.text.text, at: rule.text.at };
}

/** Ask and deny rules of Read, Write and Edit: on effects, and on every word that could name a path. */
function pathLimits(command: Command, judge: Judge): readonly Reason[] {
  const { rules, facts } = judge;
  const reads = hasLimits("read", rules);
  const writes = hasLimits("write", rules);
  if (!reads && !writes) return [];
  const reasons: Reason[] = [];
  for (const effect of command.effects) {
    if (effect.kind !== "read" && effect.kind !== "write" && effect.kind !== "delete") continue;
    const access = effect.kind === "read" ? "read" : "write";
    // for ask and deny a variable set once to a constant is constant
    const [likely, more] = effect.path.value === undefined ? (effect.path.likely ?? []) : [];
    const word = likely === undefined || more !== undefined ? effect.path : { ...effect.path, value: likely };
    const path = pathOf(word, command.directories, facts);
    const limit = path === undefined ? undefined : limitOn(path, access, rules);
    if (limit !== undefined)
      reasons.push(effect.kind === "read" && effect.content === false ? { ...limit, verdict: "ask" } : limit);
    const content = effect.kind !== "read" || effect.content !== false;
    const open = path === undefined || (effect.kind === "read" && effect.recursive === true);
    if (open && content && (access === "read" ? reads : writes))
      reasons.push({ code: "rule-not-excluded", verdict: "ask", subject: effect.path.text });
  }
  for (const word of command.words.slice(1)) {
    for (const candidate of pathCandidates(word)) {
      const path = pathOf(candidate, command.directories, facts);
      const limit = path === undefined ? undefined : limitOn(path, "write", rules);
      if (limit !== undefined && !reasons.some((r) => r.rule === limit.rule && r.verdict === "deny"))
        reasons.push({ ...limit, verdict: "ask" });
    }
  }
  return reasons;
}

/** Every way a word may hold a path: whole, after `=`, `:` or `@`, or attached to a letter. */
function pathCandidates(word: ShellWord): readonly ShellWord[] {
  const value = word.value;
  if (value === undefined) return [];
  const texts = new Set([value]);
  for (const [i, c] of [...value].entries())
    if (c === "=" || c === ":" || c === "@" || c === ",") texts.add(value.slice(i + 1));
  if (/^-[A-Za-z]./.test(value)) texts.add(value.slice(2));
  return [...texts]
    .filter((t) => t !== "" && t.length < 4096)
    .map((t) => ({ ...word, value: t, tilde: word.tilde || t.startsWith("~/") }));
}

/** What asks a person in every mode: PERM-11, and deleting what is too large (rule 8). */
function irreversible(command: Command, judge: Judge): readonly Reason[] {
  const reasons: Reason[] = [];
  for (const effect of command.effects) {
    if (effect.kind === "irreversible") reasons.push({ code: effect.code, verdict: "ask", subject: command.text });
    if (effect.kind === "delete" && isCritical(effect.path, command, judge.facts))
      reasons.push({ code: "delete-critical", verdict: "ask", subject: command.text });
  }
  return reasons;
}

/** `/`, home, the workspace, anything above them, a folder at the top of the disk, or all that is in one of these. */
function isCritical(word: ShellWord, command: Command, facts: PathFacts): boolean {
  const glob = word.value === undefined;
  const text = word.value ?? word.prefix.slice(0, word.prefix.lastIndexOf("/") + 1);
  const path = pathOf({ ...word, value: text === "" ? "." : text }, command.directories, facts);
  if (path === undefined) return true;
  return (
    path.names.some(
      (name) => isInside(name, facts.root) || isInside(name, facts.home) || name.lastIndexOf("/") === 0,
    ) ||
    (glob && word.prefix === "")
  );
}

/** What covers the command and its effects. The first reason that is not `allow` is where a person is needed. */
function coverage(command: Command, judge: Judge, own: Granted | undefined): readonly Reason[] {
  const base = coverBase(command, judge, own);
  const reasons: Reason[] = [base.reason];
  for (const effect of command.effects) {
    const reason = coverEffect(effect, command, judge, base);
    if (reason !== undefined) reasons.push(reason);
  }
  return reasons;
}

interface Base {
  readonly reason: Reason;
  readonly by: "free" | "read-only" | "accept-edits" | "rule" | "bypass" | "nothing";
  readonly spelled: number;
}

function coverBase(command: Command, judge: Judge, own: Granted | undefined): Base {
  const subject = command.text;
  if (command.free) return { by: "free", spelled: 0, reason: { code: "free", verdict: "allow", subject } };
  // what a rule allows may still change something, and this mode is there to stop that
  if (judge.mode === "plan" && own !== undefined && !command.readOnly)
    return { by: "nothing", spelled: 0, reason: { code: "plan-mode", verdict: "ask", subject } };
  if (own !== undefined) return { by: "rule", spelled: own.spelled, reason: matched(own.rule, "allow", command) };
  if (command.readOnly && readsInside(command, judge))
    return { by: "read-only", spelled: 0, reason: { code: "read-only", verdict: "allow", subject } };
  if (judge.mode === "bypassPermissions")
    return { by: "bypass", spelled: Number.POSITIVE_INFINITY, reason: { code: "bypass", verdict: "allow", subject } };
  if (judge.mode === "acceptEdits" && command.fileCommand)
    return { by: "accept-edits", spelled: 0, reason: { code: "accept-edits", verdict: "allow", subject } };
  const program = command.words[0]?.value;
  const reason: Reason =
    program === undefined
      ? { code: "program-not-constant", verdict: "ask", subject }
      : {
          code: "no-rule",
          verdict: "ask",
          subject,
          hint: program.includes("/")
            ? `an allow rule names a program by path only as written: Bash(${program} *)`
            : `allow it with Bash(${subject})`,
        };
  return { by: "nothing", spelled: 0, reason };
}

/** The allow rule that covers the words; of several the one that spells most. Unknown words are covered by a rule that covers any. */
function allowRule(command: Command, rules: CompiledRules): CompiledRule | undefined {
  const values = command.words.map((w) => w.value);
  const unknownAt = values.indexOf(undefined);
  if (unknownAt === 0 || values.some((v) => v?.includes(BETWEEN))) return undefined;
  const joined = (unknownAt < 0 ? values : values.slice(0, unknownAt)).join(BETWEEN);
  let best: CompiledRule | undefined;
  for (const rule of bashRules(rules.allow, values[0])) {
    const bash = rule.bash;
    if (bash === undefined || !(unknownAt < 0 ? bash.matches(joined) : bash.coversFrom(joined))) continue;
    if (best === undefined || bash.spelled > (best.bash?.spelled ?? 0)) best = rule;
  }
  return best;
}

/** The read-only set passes on constant words, or file name patterns, inside the workspace. */
function readsInside(command: Command, judge: Judge): boolean {
  const inside = (path: NamedPath | undefined): boolean => path !== undefined && isInWorkspace(path, judge.facts);
  return (
    command.words.every(
      (w) =>
        w.value !== undefined ||
        (command.words[0]?.value === "echo" && /^"?[^$`*?[]*\$[?#][^$`*?[]*"?$/.test(w.text)) ||
        (w.kind === "glob" && !w.tilde && !w.prefix.startsWith("/") && !w.text.includes("..")),
    ) &&
    command.effects.every(
      (e) => e.kind !== "read" || e.path.kind === "glob" || inside(pathOf(e.path, command.directories, judge.facts)),
    )
  );
}

function coverEffect(effect: Effect, command: Command, judge: Judge, base: Base): Reason | undefined {
  const subject = command.text;
  if (judge.mode === "bypassPermissions") return undefined;
  const named = base.by === "rule" && isNamed(effect.index, command, base.spelled);
  switch (effect.kind) {
    case "run":
    case "irreversible":
      return undefined; // judged on their own
    case "gadget":
      return named ? undefined : { code: effect.code, verdict: "ask", subject, hint: hintFor(effect, command) };
    case "directory": {
      const path = pathOf(effect.path, command.directories, judge.facts);
      return named || (path !== undefined && isInWorkspace(path, judge.facts))
        ? undefined
        : { code: "outside-workspace", verdict: "ask", subject };
    }
    case "read": {
      if (named) return undefined;
      const changes = command.effects.some((e) => e.kind === "write" || e.kind === "delete");
      const own = effect.aside !== true && !changes && base.by !== "free";
      if (own && effect.content === false) return undefined;
      const path = pathOf(effect.path, command.directories, judge.facts);
      // of the program's own operands only a place that is known, and known to be elsewhere, is not covered by its rule
      if (path === undefined) return own ? undefined : { code: "not-constant", verdict: "ask", subject };
      const free =
        isInWorkspace(path, judge.facts) ||
        allowOn(path, "read", judge.rules) !== undefined ||
        (own && path.names.every((name) => isCommonPlace(name) || isInside(judge.facts.root, name)));
      return free
        ? undefined
        : { code: "reads-outside", verdict: "ask", subject: path.shown, hint: `allow it with Read(${path.shown})` };
    }
    case "write":
    case "delete":
      return coverWrite(effect, command, judge, base, named);
    default:
      return effect satisfies never;
  }
}

/**
 * Do the rule's own words name the effect? Those that spell the word causing it do. The program's name alone does not
 * (`Bash(npx *)` grants npx's options, not every program), but with the word after it, it does (`Bash(npx vitest *)`).
 */
function isNamed(index: number, command: Command, spelled: number): boolean {
  if (index >= command.words.length) return false;
  if (index > 0) return index < spelled;
  const second = command.words[1]?.value;
  return spelled === Number.POSITIVE_INFINITY || (spelled >= 2 && second !== undefined && !/^[-+]/.test(second));
}

function coverWrite(
  effect: Effect & { readonly kind: "write" | "delete" },
  command: Command,
  judge: Judge,
  base: Base,
  named: boolean,
): Reason | undefined {
  const ours = effect.inherent && (base.by === "rule" || base.by === "accept-edits");
  const path = pathOf(effect.path, command.directories, judge.facts) ?? globbed(effect, command, judge);
  if (path === undefined) {
    // `mkdir $x`: a new folder whose name is not known is harmless; everything else is not
    const harmless = ours && command.words[0]?.value === "mkdir";
    return harmless ? undefined : { code: "not-constant", verdict: "ask", subject: command.text };
  }
  if (path.shown === "/dev/null" && effect.kind === "write") return undefined;
  const guarded = protectedReason(path, judge.facts);
  if (guarded !== undefined) return guarded;
  if (judge.mode === "plan") return { code: "plan-mode", verdict: "ask", subject: path.shown };
  if (allowOn(path, "write", judge.rules) !== undefined) return undefined;
  const inside = isInWorkspace(path, judge.facts);
  if ((ours || (named && base.by === "rule")) && inside) return undefined;
  if (
    judge.mode === "acceptEdits" &&
    inside &&
    effect.kind === "write" &&
    !effect.inherent &&
    effect.index >= command.words.length
  )
    return undefined;
  return {
    code: inside ? "writes-file" : "writes-outside",
    verdict: "ask",
    subject: path.shown,
    hint: `allow it with Write(${path.shown})`,
  };
}

/** `rm build/*`: names below a constant folder. */
function globbed(
  effect: Effect & { readonly kind: "write" | "delete" },
  command: Command,
  judge: Judge,
): NamedPath | undefined {
  const { path } = effect;
  const cut = path.prefix.lastIndexOf("/");
  if (effect.kind !== "delete" || path.kind !== "glob" || path.tilde || cut <= 0 || /\.\./.test(path.text))
    return undefined;
  const folder = pathOf({ ...path, value: path.prefix.slice(0, cut) }, command.directories, judge.facts);
  return folder === undefined ? undefined : namedPath(path.text, folder.names, judge.facts);
}

function hintFor(effect: Effect, command: Command): string {
  const words = command.words.slice(0, effect.index + 1).map((w) => w.text);
  return `only a rule that spells it covers it: Bash(${words.join(" ")} *)`;
}
