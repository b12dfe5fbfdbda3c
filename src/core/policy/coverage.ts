// What covers a command and its effects (DESIGN 7 rules 3, 5 and 6). Anything that nothing covers asks.
import type { Reason } from "../decision.ts";
import { isCommonPlace } from "../paths/index.ts";
import { type Command, type Effect, isInside } from "../shell/index.ts";
import { beginnings, mayClimb } from "./beginning.ts";
import { type Granted, type Judge, matched } from "./judge.ts";
import {
  allowOn,
  broughtTo,
  isInWorkspace,
  type NamedPath,
  namedPath,
  pathOf,
  protectedReason,
  ruleFor,
} from "./judge-paths.ts";
import type { CompiledRule } from "./rules.ts";

/** What covers the command and its effects. The first reason that is not `allow` is where a person is needed. */
export function coverage(command: Command, judge: Judge, own: Granted | undefined): readonly Reason[] {
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
  /** Of a rule such as `node scripts/*`, the folder it names behind the words it spells. */
  readonly folder?: string;
}

function coverBase(command: Command, judge: Judge, own: Granted | undefined): Base {
  const subject = command.text;
  if (command.free) return { by: "free", spelled: 0, reason: { code: "free", verdict: "allow", subject } };
  // what a rule allows, or a fence would hold, may still change something, and this mode is there to stop that
  if (judge.mode === "plan" && !command.readOnly)
    return { by: "nothing", spelled: 0, reason: { code: "plan-mode", verdict: "ask", subject } };
  const reads = command.readOnly && readsInside(command, judge);
  if (own !== undefined) {
    // what would pass by itself says so beside its rule, for those who ask about everything else (settle.ts)
    const reason = matched(own.rule, "allow", command);
    const folder = own.rule.bash?.folder;
    const names = folder === undefined ? {} : { folder };
    return { by: "rule", spelled: own.spelled, ...names, reason: reads ? { ...reason, code: "read-only" } : reason };
  }
  if (reads) return { by: "read-only", spelled: 0, reason: { code: "read-only", verdict: "allow", subject } };
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

/** The read-only set passes on constant words, or file name patterns, inside the workspace. */
function readsInside(command: Command, judge: Judge): boolean {
  const inside = (path: NamedPath | undefined): boolean => path !== undefined && isInWorkspace(path, judge.facts);
  return (
    command.words.every(
      (w) =>
        w.value !== undefined ||
        (command.words[0]?.value === "echo" && /^"?[^$`*?[]*\$[?#][^$`*?[]*"?$/.test(w.text)) ||
        (w.kind === "glob" && !w.tilde && !w.prefix.startsWith("/") && !w.text.includes("..") && !mayClimb(w.text)),
    ) &&
    command.effects.every(
      (e) =>
        e.kind !== "read" ||
        e.path.kind === "glob" ||
        // a pipe of the command's own, from `<(…)`
        /^\/dev\/fd\/\d+$/.test(e.path.value ?? "") ||
        inside(pathOf(e.path, command.directories, judge.facts)),
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
      return named || (effect.code === "runs-file" && isInFolder(effect.index, command, base))
        ? undefined
        : { code: effect.code, verdict: "ask", subject, hint: hintFor(effect, command) };
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
      if (path !== undefined) return coverPlace(path, own, judge);
      // of the program's own operands only a place that is known, and known to be elsewhere, is not covered by its rule
      if (!own || effect.path.value !== undefined) return { code: "not-constant", verdict: "ask", subject };
      return beginnings(effect.path, judge.facts.home)
        .map((word) => pathOf(word, command.directories, judge.facts))
        .map((place) => place && coverPlace(place, own, judge))
        .find((reason) => reason?.verdict === "ask");
    }
    case "write":
    case "delete":
      return coverWrite(effect, command, judge, base, named);
    default:
      return effect satisfies never;
  }
}

/** What reading this place needs. */
function coverPlace(path: NamedPath, own: boolean, judge: Judge): Reason | undefined {
  if (isInWorkspace(path, judge.facts)) return undefined;
  const rule = allowOn(path, "read", judge.rules);
  if (rule !== undefined) return allowedBy(rule, path);
  const common = own && path.names.every((name) => isCommonPlace(name) || isInside(judge.facts.root, name));
  return common ? undefined : { code: "reads-outside", verdict: "ask", ...about(path, "Read", judge) };
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

/** Is the word one below the folder that the rule names, by its own text? */
function isInFolder(index: number, command: Command, { folder, spelled }: Base): boolean {
  const value = command.words[index]?.value;
  return (
    folder !== undefined &&
    index === spelled &&
    value?.startsWith(folder) === true &&
    !/(?:^|\/)\.\.(?:\/|$)/.test(value)
  );
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
  if (effect.kind === "write" && effect.tree !== true && /^\/dev\/(?:null|stdout|stderr)$/.test(path.shown))
    return undefined;
  for (const each of [path, ...broughtTo(path, effect.brings ?? [], judge.facts)]) {
    const guarded = protectedReason(each, judge.facts, effect.tree);
    if (guarded !== undefined) return guarded;
  }
  if (judge.mode === "plan") return { code: "plan-mode", verdict: "ask", subject: path.shown };
  const rule = allowOn(path, "write", judge.rules);
  if (rule !== undefined) return allowedBy(rule, path);
  const inside = isInWorkspace(path, judge.facts);
  if ((ours || (named && base.by === "rule")) && inside) return undefined;
  if (
    judge.mode === "acceptEdits" &&
    inside &&
    effect.kind === "write" &&
    !effect.inherent &&
    effect.index >= command.words.length
  )
    return { code: "accept-edits", verdict: "allow", subject: path.shown };
  return { code: inside ? "writes-file" : "writes-outside", verdict: "ask", ...about(path, "Write", judge) };
}

/** An effect has a rule of its own, and the proof shows it (I9). */
function allowedBy({ text }: CompiledRule, { shown }: NamedPath): Reason {
  return { code: "rule-matched", verdict: "allow", subject: shown, rule: text.text, at: text.at };
}

function about(path: NamedPath, tool: "Read" | "Write", { facts }: Judge): Pick<Reason, "subject" | "hint"> {
  return { subject: path.shown, hint: `allow it with ${tool}(${ruleFor(path, facts)})` };
}

/** `rm build/*`: names below a constant folder. */
function globbed(
  effect: Effect & { readonly kind: "write" | "delete" },
  command: Command,
  judge: Judge,
): NamedPath | undefined {
  const { path } = effect;
  const cut = path.prefix.lastIndexOf("/");
  if (
    effect.kind !== "delete" ||
    path.kind !== "glob" ||
    path.tilde ||
    cut <= 0 ||
    /\.\./.test(path.text) ||
    mayClimb(path.text)
  )
    return undefined;
  const folder = pathOf({ ...path, value: path.prefix.slice(0, cut) }, command.directories, judge.facts);
  return folder === undefined ? undefined : namedPath(path.text, folder.names, judge.facts);
}

function hintFor(effect: Effect, command: Command): string {
  const words = command.words.slice(0, effect.index + 1).map((w) => w.text);
  return `only a rule that spells it covers it: Bash(${words.join(" ")} *)`;
}
