// What the words of a command say, as its table entry reads them.
import type { Effect, ShellWord } from "./facts.ts";

/** What the words say. */
export interface ReadOptions {
  readonly effects: readonly Effect[];
  readonly operands: readonly Operand[];
  /** Names of the options seen, without dashes. */
  readonly seen: ReadonlySet<string>;
  /** Every value given to an option, in order: a repeated option hides none. */
  readonly given: readonly Given[];
  readonly rest?: Rest;
}

/** A command that starts behind an option (`pidstat -e CMD …`), with its first word's place. */
export interface Rest {
  readonly words: readonly ShellWord[];
  readonly index: number;
}

/** One option's value. */
export interface Given {
  readonly name: string;
  readonly value: Operand;
  /** The effect that the table says it has. */
  readonly effect: string | undefined;
}

/** An operand with its place among the words. */
export interface Operand {
  readonly word: ShellWord;
  readonly index: number;
}
