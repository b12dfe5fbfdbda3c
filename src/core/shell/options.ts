// Reads a program's words by its table entry (GNU conventions: clusters, attached values, unambiguous abbreviations, `--`).

import type { Effect, ShellWord } from "./facts.ts";
import { type LongOption, longOptions, matchLong } from "./long-option.ts";
import { codeOf, optionEffects, restBehind } from "./option-effect.ts";
import type { Given, Operand, ReadOptions, Rest } from "./read-options.ts";
import type { ProgramEntry } from "./table.ts";

/** The values of the options of these names. */
export function valuesOf(read: ReadOptions, ...names: readonly string[]): readonly Operand[] {
  return read.given.filter((g) => names.includes(g.name)).map((g) => g.value);
}

/** Reads `words` from `start` on. */
export function readOptions(entry: ProgramEntry, words: readonly ShellWord[], start: number): ReadOptions {
  return new OptionReader(entry, words, entry.stopAtOperand === true).read(start);
}

/** The same up to the first operand: everything from there on belongs to a subcommand or to another program. */
export function readLeading(entry: ProgramEntry, words: readonly ShellWord[], start: number): ReadOptions {
  return new OptionReader(entry, words, true).read(start);
}

/** One reading. A class because every word adds to the same lists. */
class OptionReader {
  private readonly entry: ProgramEntry;
  private readonly words: readonly ShellWord[];
  private readonly stops: boolean;
  private readonly harmful: Readonly<Record<string, string>>;
  private readonly effects: Effect[] = [];
  private readonly operands: Operand[] = [];
  private readonly seen = new Set<string>();
  private readonly given: Given[] = [];
  private rest: Rest | undefined;
  private at = 0;

  constructor(entry: ProgramEntry, words: readonly ShellWord[], stops: boolean) {
    this.entry = entry;
    this.words = words;
    this.stops = stops;
    this.harmful = entry.effects ?? {};
  }

  read(start: number): ReadOptions {
    if (this.entry.literal) this.takeOperands(start);
    else
      for (this.at = start; this.at < this.words.length && this.rest === undefined; this.at++)
        if (!this.word(this.words[this.at] as ShellWord)) break;
    const { effects, operands, seen, given, rest } = this;
    return { effects, operands, seen, given, ...(rest === undefined ? {} : { rest }) };
  }

  /** Reads one word; false when nothing behind it is an option. */
  private word(word: ShellWord): boolean {
    const { entry } = this;
    const text = word.value ?? word.prefix;
    // a dash before what is not known makes it an option for certain, and nobody knows which
    if (word.value === undefined && !mayStandHere(word, entry, text === "-" ? "" : text)) {
      this.gadget("not-constant", this.at);
      this.operands.push({ word, index: this.at });
      return true;
    }
    if (word.value === "--") return this.takeOperands(this.at + 1);
    if (!text.startsWith("-") || text === "-") {
      if (this.stops) return this.takeOperands(this.at);
      this.operands.push({ word, index: this.at });
      return true;
    }
    if (entry.number && /^-\d+$/.test(text)) return true;
    if (entry.plain !== undefined && word.value !== undefined && plainWord(entry.plain).test(text)) return true;
    if (text.startsWith("--") || entry.singleDash) this.long(word, text);
    else this.cluster(word, text);
    return true;
  }

  private takeOperands(from: number): false {
    for (let j = from; j < this.words.length; j++) this.operands.push({ word: this.words[j] as ShellWord, index: j });
    return false;
  }

  private long(word: ShellWord, text: string): void {
    const equals = text.indexOf("=");
    const written = text.slice(text.startsWith("--") ? 2 : 1, equals < 0 ? undefined : equals);
    const longs = longOptions(this.entry);
    const found = matchLong(written, longs, this.entry.singleDash === true);
    if (found === undefined || (word.value === undefined && equals < 0)) return this.unknownLong(written, longs);
    const index = this.at;
    const attached = equals < 0 ? undefined : { word: part(word, equals + 1), index };
    const value = attached ?? (found.takes === "value" ? this.next() : undefined);
    if (found.pair && attached === undefined) this.at++;
    this.apply({ name: found.name, effect: this.harmful[found.key], index, value });
  }

  private unknownLong(written: string, longs: readonly LongOption[]): void {
    this.gadget("unknown-option", this.at);
    // of several options that it may abbreviate, one is enough to ask a person
    const lasting = longs.find((l) => l.name.startsWith(written) && this.harmful[l.key]?.startsWith("!"));
    if (lasting !== undefined && written !== "")
      this.effects.push({ kind: "irreversible", code: this.harmful[lasting.key]?.slice(1) ?? "", index: this.at });
  }

  private cluster(word: ShellWord, text: string): void {
    const { flags = "", values = "", attached = "" } = this.entry;
    const index = this.at;
    for (let at = 1; at < text.length; at++) {
      const letter = text.charAt(at);
      const takesValue = values.includes(letter) || `${letter}=` in this.harmful;
      const swallows = attached.includes(letter);
      if (!takesValue && !swallows && !flags.includes(letter) && !(letter in this.harmful))
        return this.gadget("unknown-option", index);
      let value: Operand | undefined;
      if (takesValue && (at + 1 < text.length || word.value === undefined)) {
        value = { word: part(word, at + 1), index };
        if (mayBeMore(value.word, this.entry)) this.gadget("not-constant", index);
      } else if (takesValue) value = this.next();
      else if (word.value === undefined && at + 1 === text.length) this.gadget("not-constant", index);
      this.apply({ name: letter, effect: this.harmful[`${letter}=`] ?? this.harmful[letter], index, value });
      if (takesValue || swallows) return;
    }
  }

  /** The next word as an option's value. */
  private next(): Operand | undefined {
    const word = this.words[this.at + 1];
    if (word === undefined) return undefined;
    this.at++;
    if (mayBeMore(word, this.entry)) this.gadget("not-constant", this.at);
    return { word, index: this.at };
  }

  private apply(option: { name: string; effect: string | undefined; index: number; value: Operand | undefined }): void {
    const { name, effect, index, value } = option;
    this.seen.add(name);
    if (value !== undefined)
      this.given.push({ name, value, effect: effect === undefined ? undefined : codeOf(effect)[0] });
    if (effect === undefined) return;
    const given = { index, value, words: this.words };
    this.effects.push(...optionEffects(effect, given, this.entry));
    this.rest ??= restBehind(effect, given);
  }

  private gadget(code: string, index: number): void {
    this.effects.push({ kind: "gadget", code, index });
  }
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
    !["run", "code", "write", "pattern-write", "delete", "copy", "move", "link", "archive", "read-then-write"].includes(
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

const plainWords = new Map<string, RegExp>();

/** The table's expressions, compiled once each. */
function plainWord(source: string): RegExp {
  const known = plainWords.get(source) ?? new RegExp(`^-(?:${source})$`);
  plainWords.set(source, known);
  return known;
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
