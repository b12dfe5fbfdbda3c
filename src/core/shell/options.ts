// Reads a program's words by its table entry (GNU conventions: clusters, attached values, unambiguous abbreviations, `--`).
import type { Effect, ShellWord } from "./facts.ts";
import { holdsCommand } from "./inner-text.ts";
import type { OperandRole, ProgramEntry } from "./table.ts";

/** An operand with its place among the words. */
export interface Operand {
  readonly word: ShellWord;
  readonly index: number;
}

/** What the words say. */
export interface ReadOptions {
  readonly effects: readonly Effect[];
  readonly operands: readonly Operand[];
  /** Names of the options seen, without dashes. */
  readonly seen: ReadonlySet<string>;
  /** Every value given to an option, in order: a repeated option hides none. */
  readonly given: readonly Given[];
  /** A command that starts behind an option (`pidstat -e CMD …`), with its first word's place. */
  readonly rest?: { readonly words: readonly ShellWord[]; readonly index: number };
}

/** One option's value. */
export interface Given {
  readonly name: string;
  readonly value: Operand;
  /** The effect that the table says it has. */
  readonly effect: string | undefined;
}

/** The values of the options of these names. */
export function valuesOf(read: ReadOptions, ...names: readonly string[]): readonly Operand[] {
  return read.given.filter((g) => names.includes(g.name)).map((g) => g.value);
}

/** Effects that well-known values do not have. */
const KNOWN_VALUES: Readonly<Record<string, { readonly values: RegExp; readonly code: string }>> = {
  // formats and reporters that tools bring themselves; any other name may be a file or a package that is loaded
  "named-format": {
    values:
      /^(?:json|stylish|unix|compact|tap|junit|checkstyle|html|github|github-actions|dot|verbose|default|basic|text|short|long|list|progress|p|documentation|d|doc|node|jsdom)$/,
    code: "plugin",
  },
  // `go -mod=mod` rewrites go.mod
  "module-mode": { values: /^(?:readonly|vendor)$/, code: "write" },
  // the files that a project lists its packages in
  requirements: {
    values:
      /^(?:\.\/)?(?:[\w-]+\/)*(?:dev-|test-)?requirements[\w.-]*\.(?:txt|in)$|^requirements\/[\w.-]+\.(?:txt|in)$/,
    code: "config",
  },
  // `pytest -p no:cacheprovider` switches a plugin off
  "plugin-off": { values: /^no:[\w.]+$/, code: "plugin" },
  // the project that is meant without the option
  project: { values: /^(?:\.\/?|(?:\.\/)?tsconfig\.json)$/, code: "config" },
};

/** Reads `words` from `start` on. */
export function readOptions(entry: ProgramEntry, words: readonly ShellWord[], start: number): ReadOptions {
  const effects: Effect[] = [];
  const operands: Operand[] = [];
  const seen = new Set<string>();
  const given: Given[] = [];
  const harmful = entry.effects ?? {};
  const longs = longNames(entry);
  let rest: ReadOptions["rest"];
  const gadget = (code: string, index: number): void => void effects.push({ kind: "gadget", code, index });
  const note = (name: string, value: Operand | undefined, effect?: string): void => {
    seen.add(name);
    if (value !== undefined) given.push({ name, value, effect });
  };
  const apply = (name: string, written: string, index: number, value: Operand | undefined): void => {
    const [effect = written, harmless = ""] = written.split(" unless ");
    note(name, value, effect);
    if (value?.word.value !== undefined && harmless.split(" ").includes(value.word.value)) return;
    if (effect === "config" && isOwnConfig(value, entry)) return;
    if (effect === "sql" || effect === "text") return; // judged by scripts/
    if (effect === "write" || effect === "delete") {
      if (value === undefined) gadget(effect, index);
      else effects.push({ kind: effect, path: value.word, index, inherent: false });
    } else if (effect === "read") {
      if (value !== undefined) effects.push({ kind: "read", path: value.word, index, content: true, aside: true });
    } else if (effect === "directory" && value !== undefined)
      effects.push({ kind: "directory", path: value.word, index });
    else if (Object.hasOwn(KNOWN_VALUES, effect)) {
      const known = KNOWN_VALUES[effect];
      if (known?.values.test(value?.word.value ?? "") !== true) gadget(known?.code ?? effect, index);
    } else if (isRest(effect)) {
      const at = value?.index ?? index + 1;
      if (effect !== "command") gadget(effect === "module" ? "runs-module" : "runs-program", at);
      const behind = words.slice(at + (value === undefined ? 0 : 1));
      if (value !== undefined || behind.length > 0)
        rest = { words: value === undefined ? behind : [value.word, ...behind], index: at };
    } else if (effect.startsWith("!")) effects.push({ kind: "irreversible", code: effect.slice(1), index });
    else gadget(holdsCommand(effect) ? "runs-program" : effect, index);
  };
  if (entry.literal)
    return { effects, operands: words.slice(start).map((word, i) => ({ word, index: start + i })), seen, given };
  for (let i = start; i < words.length && rest === undefined; i++) {
    const word = words[i];
    if (word === undefined) break;
    const text = word.value ?? word.prefix;
    // a dash before what is not known makes it an option for certain, and nobody knows which
    if (word.value === undefined && !mayStandHere(word, entry, text === "-" ? "" : text)) {
      gadget("not-constant", i);
      operands.push({ word, index: i });
      continue;
    }
    if (word.value === "--") {
      for (let j = i + 1; j < words.length; j++) operands.push({ word: words[j] as ShellWord, index: j });
      break;
    }
    if (!text.startsWith("-") || text === "-" || (word.value === undefined && text === "")) {
      operands.push({ word, index: i });
      if (!entry.stopAtOperand) continue;
      for (let j = i + 1; j < words.length; j++) operands.push({ word: words[j] as ShellWord, index: j });
      break;
    }
    if (entry.number && /^-\d+$/.test(text)) continue;
    if (entry.plain !== undefined && word.value !== undefined && plainWord(entry.plain).test(text)) continue;
    if (text.startsWith("--") || entry.singleDash) {
      const equals = text.indexOf("=");
      const written = text.slice(text.startsWith("--") ? 2 : 1, equals < 0 ? undefined : equals);
      const found = matchLong(written, longs, entry.singleDash === true);
      if (found === undefined || (word.value === undefined && equals < 0)) {
        gadget("unknown-option", i);
        // of several options that it may abbreviate, one is enough to ask a person
        const lasting = longs.find((l) => l.name.startsWith(written) && harmful[l.key]?.startsWith("!"));
        if (lasting !== undefined && written !== "")
          effects.push({ kind: "irreversible", code: harmful[lasting.key]?.slice(1) ?? "", index: i });
        continue;
      }
      const attached = equals < 0 ? undefined : part(word, equals + 1);
      let value = attached === undefined ? undefined : { word: attached, index: i };
      if (value === undefined && found.takes === "value") {
        const next = words[i + 1];
        if (next !== undefined) value = { word: next, index: ++i };
        if (found.pair) i++;
        if (mayBeMore(next, entry)) gadget("not-constant", i);
      }
      const effect = harmful[found.key];
      if (effect === undefined) {
        note(found.name, value);
      } else
        apply(
          found.name,
          effect,
          found.takes === "value" && attached === undefined ? i - (value === undefined ? 0 : 1) : i,
          value,
        );
      continue;
    }
    for (let at = 1; at < text.length; at++) {
      const letter = text.charAt(at);
      const takesValue = (entry.values ?? "").includes(letter) || `${letter}=` in harmful;
      if (
        !takesValue &&
        !(entry.flags ?? "").includes(letter) &&
        !(letter in harmful) &&
        !(entry.attached ?? "").includes(letter)
      ) {
        gadget("unknown-option", i);
        break;
      }
      const effect = harmful[`${letter}=`] ?? harmful[letter];
      const swallows = (entry.attached ?? "").includes(letter);
      let value: Operand | undefined;
      const here = i;
      if (takesValue) {
        if (at + 1 < text.length || word.value === undefined) {
          value = { word: part(word, at + 1), index: i };
          if (mayBeMore(value.word, entry)) gadget("not-constant", i);
        } else if (words[i + 1] !== undefined) {
          value = { word: words[++i] as ShellWord, index: i };
          if (mayBeMore(value.word, entry)) gadget("not-constant", i);
        }
      } else if (word.value === undefined && at + 1 === text.length) gadget("not-constant", i);
      if (effect === undefined) {
        note(letter, value);
      } else apply(letter, effect, here, value);
      if (takesValue || swallows) break;
    }
  }
  return { effects, operands, seen, given, ...(rest === undefined ? {} : { rest }) };
}

/** Options behind which a command stands: judged alone, or together with the effect of running it elsewhere. */
function isRest(effect: string): boolean {
  return effect === "command" || effect === "module" || effect === "each-command";
}

/** A configuration that the tool would take by itself: naming it changes nothing. */
function isOwnConfig(value: Operand | undefined, entry: ProgramEntry): boolean {
  const name = value?.word.value?.replace(/^\.\//, "");
  return name !== undefined && (entry.ownConfig ?? "").split(" ").includes(name);
}

/** Options that only read: whoever covers the program with any words covers these. */
const ONLY_READS: ReadonlySet<string> = new Set(["read", "names-file"]);

/** A word that is not constant can be an option in disguise; harmless where the program has no effect to offer. */
function mayStandHere(word: ShellWord, entry: ProgramEntry, prefix: string): boolean {
  const single = word.kind !== "split" || (entry.effects === undefined && entry.careful !== true);
  if (prefix !== "" && single) return true;
  const noEffects =
    Object.values(entry.effects ?? {}).every((effect) => ONLY_READS.has(effect)) &&
    entry.always === undefined &&
    entry.subcommands === undefined &&
    entry.careful !== true;
  return (
    noEffects &&
    !["run", "code", "write", "pattern-write", "delete", "copy", "move", "archive", "read-then-write"].includes(
      entry.operands ?? "text",
    )
  );
}

/** An option's value that may become several words: what follows the first is options or operands again. */
function mayBeMore(word: ShellWord | undefined, entry: ProgramEntry): boolean {
  if (word === undefined || word.value !== undefined || word.kind === "quoted") return false;
  return (
    entry.wrapper !== undefined || entry.stopAtOperand === true || !mayStandHere({ ...word, kind: "split" }, entry, "x")
  );
}

interface LongOption {
  readonly name: string;
  readonly key: string;
  readonly takes: "value" | "maybe" | "none";
  /** Takes two words (`jq --arg NAME VALUE`). */
  readonly pair: boolean;
}

const plainWords = new Map<string, RegExp>();

/** The table's expressions, compiled once each. */
function plainWord(source: string): RegExp {
  const known = plainWords.get(source) ?? new RegExp(`^-(?:${source})$`);
  plainWords.set(source, known);
  return known;
}

const cache = new WeakMap<ProgramEntry, readonly LongOption[]>();

function longNames(entry: ProgramEntry): readonly LongOption[] {
  const known = cache.get(entry);
  if (known !== undefined) return known;
  const written = [...(entry.long ?? "").split(/\s+/).filter(Boolean), ...Object.keys(entry.effects ?? {})];
  const names = written
    .filter((key) => entry.singleDash || key.replace(/[=?]+$/, "").length > 1)
    .map(
      (key): LongOption => ({
        key,
        name: key.replace(/[=?]+$/, ""),
        pair: key.endsWith("=="),
        takes: key.endsWith("=") ? "value" : key.endsWith("?") ? "maybe" : "none",
      }),
    );
  cache.set(entry, names);
  return names;
}

/** The option meant: exact, or the only one it abbreviates. Several that agree on having no effect would still differ: unknown. */
function matchLong(written: string, longs: readonly LongOption[], exactOnly: boolean): LongOption | undefined {
  const exact = longs.find((l) => l.name === written);
  if (exact !== undefined || exactOnly || written === "") return exact;
  const starting = longs.filter((l) => l.name.startsWith(written));
  return starting.length === 1 ? starting[0] : undefined;
}

/** The rest of a word from `at` on, as a word of its own. */
export function part(word: ShellWord, at: number): ShellWord {
  return {
    text: word.text,
    value: word.value?.slice(at),
    likely: word.likely?.map((l) => l.slice(at)),
    prefix: word.prefix.slice(at),
    kind: word.kind,
    tilde: false,
  };
}

/** The effects of operands by their role. */
export function operandEffects(entry: ProgramEntry, read: ReadOptions): readonly Effect[] {
  const role: OperandRole = entry.operands ?? "text";
  const recursive = entry.recursive === "always" || (entry.recursive ?? []).some((name) => read.seen.has(name));
  let operands = read.operands;
  if (role === "pattern-read" && !(entry.patternOptions ?? []).some((name) => read.seen.has(name)))
    operands = operands.slice(1);
  const reads = (o: Operand, content: boolean): Effect => ({
    kind: "read",
    path: o.word,
    index: o.index,
    content,
    ...(recursive ? { recursive } : {}),
  });
  const changes = (o: Operand, kind: "write" | "delete"): Effect => ({
    kind,
    path: o.word,
    index: o.index,
    inherent: true,
  });
  const last = operands.at(-1);
  switch (role) {
    case "text":
      return [];
    case "list":
      return operands.map((o) => reads(o, false));
    case "read":
      return operands.map((o) => reads(o, true));
    case "pattern-read":
      return operands.length === 0 && recursive
        ? [{ kind: "read", path: HERE, index: 0, recursive, content: true }]
        : operands.map((o) => reads(o, true));
    case "write":
    case "make":
      return operands.map((o) => changes(o, "write"));
    case "pattern-write":
      return operands.slice(1).map((o) => changes(o, "write"));
    case "delete":
      return operands.map((o) => changes(o, "delete"));
    case "copy":
    case "move": {
      const into = read.seen.has("t") || read.seen.has("target-directory") ? undefined : last;
      return operands.flatMap((o) =>
        o === into
          ? [changes(o, "write")]
          : role === "copy"
            ? [reads(o, true)]
            : [reads(o, true), changes(o, "delete")],
      );
    }
    case "archive":
      return operands.map((o, i) =>
        i > 0 ? reads(o, true) : { kind: "write", path: o.word, index: o.index, inherent: false },
      );
    case "read-then-write":
      return operands.map((o, i) =>
        i === 0 ? reads(o, true) : { kind: "write", path: o.word, index: o.index, inherent: false },
      );
    case "run":
      // the words after the program's file are the program's own
      return operands.slice(0, 1).map((o) => ({ kind: "gadget", code: "runs-file", index: o.index }));
    case "code":
      return operands.map((o) => ({ kind: "gadget", code: "runs-code", index: o.index }));
    default:
      return role satisfies never;
  }
}

const HERE: ShellWord = { text: ".", value: ".", likely: ["."], prefix: ".", kind: "constant", tilde: false };
