// What the readers of statements, words, tests, redirections and assignments need of the analysis that owns the lists (analyse.ts).
import type { ParsedScript, Script, Word, WordPart } from "unbash";
import type { Command, Effect, ShellWord } from "./facts.ts";
import type { Flow } from "./flow.ts";
import type { Standard } from "./use.ts";

/** A command to be added: what it says of itself, the rest is its place's. */
export type NewCommand = Partial<Command> & Pick<Command, "words" | "text" | "offset" | "effects" | "free">;

/** One program with its words, to be described and added. */
export interface Use {
  readonly words: readonly ShellWord[];
  /** Effects of its redirections. */
  readonly effects: readonly Effect[];
  readonly stdin: Standard;
  readonly offset: number;
  /** How deep inside wrappers it stands; nothing when it stands in the text itself. */
  readonly depth?: number;
  /** Variables it sets whose values the caller keeps itself (`declare x=1`). */
  readonly keeps?: ReadonlySet<string>;
}

/** The analysis as its readers see it. */
export interface Reader {
  readonly commands: readonly Command[];
  readonly flow: Flow;
  /** Standard input of the simple command read last. */
  input: Standard;
  /** Describes a program and adds it. */
  run(use: Use): void;
  add(command: NewCommand): void;
  /** Reads something one level down; too many levels are a doubt. */
  deeper(inside: () => void, offset: number): void;
  /** The written text between two places, or as far from one as a reader may want to look. */
  text(from: number, to?: number): string;
  /** Judges text that this shell runs itself, as commands of their own. */
  evaluated(text: string, offset: number): readonly Command[];
  /** Judges what stands inside a word and resolves it. */
  word(word: Word): readonly ShellWord[];
  /** The same for a word in which extended patterns are always understood: `[[ x == @(a|b) ]]`, `${x##+( )}`. */
  pattern(word: Word): void;
  part(part: WordPart): void;
  substitution(script: ParsedScript | Script, offset: number): void;
  doubt(code: string, text: string, offset: number): void;
  /** A variable is set. `exported`: programs see it. */
  name(name: string, offset: number, exported: boolean): void;
  subscript(index: Word): void;
}
