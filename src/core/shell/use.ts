// One use of a program as those who describe it see it: its words, its standard input, and how to judge what it runs.
import type { Command, ShellContext, ShellWord } from "./facts.ts";

/** Standard input as far as known; `undefined` = whatever the shell itself has. */
export type Standard =
  | undefined
  | { readonly kind: "unknown"; readonly likely?: string }
  | { readonly kind: "file" }
  | { readonly kind: "text"; readonly text: string };

/** What the description needs. */
export interface ProgramUse {
  readonly words: readonly ShellWord[];
  readonly stdin: Standard;
  readonly directories: readonly string[];
  readonly context: ShellContext;
  /** Judges constant text as shell text of its own, for a shell of its own: any that calls itself one, unless it is bash. */
  readonly shellText: (text: string, shell?: "bash") => readonly Command[];
  /** The same for text that this shell runs itself (`eval`, `trap`): it knows this shell's functions and variables. */
  readonly sameShell: (text: string) => readonly Command[];
  /** Judges words as one command of its own. */
  readonly inner: (words: readonly ShellWord[]) => readonly Command[];
}
