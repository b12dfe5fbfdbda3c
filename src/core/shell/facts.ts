// What a shell text would do, as far as it can be proved (DESIGN 1 and 7). Facts know nothing of rules.
// Whatever is not proved stands here as `unknown`, and `decide` makes it `ask`.

/** One word after quote removal and brace expansion. */
export interface ShellWord {
  /** As written. */
  readonly text: string;
  /** The constant value; `undefined` when the word depends on a variable, a glob or a substitution. */
  readonly value: string | undefined;
  /** For ask and deny only: the words it becomes when variables set once to a constant are put in. */
  readonly likely: readonly string[] | undefined;
  /** The constant text before the first unknown part: a word that starts with `src/` is no option. */
  readonly prefix: string;
  /** `glob`: unknown through file name expansion alone. */
  readonly kind: "constant" | "glob" | "quoted" | "split";
  /** True for an unquoted leading `~`. */
  readonly tilde: boolean;
  /** A name that a test picked out (`find -name '*.o' -exec rm {} +`): not known, but never all that is there. */
  readonly picked?: true;
}

/** One thing a command does beside being run. `index` is the word that causes it. */
export type Effect =
  /** Reads the file or folder at `path`. `recursive`: everything below it too. */
  | {
      readonly kind: "read";
      readonly path: ShellWord;
      readonly index: number;
      readonly recursive?: boolean;
      readonly content?: boolean;
      /** It gets another name, with everything below it: what a rule says of the old name no longer speaks of it. */
      readonly renamed?: true;
      /** Named by an option or a redirection, not by the program's own operands. */
      readonly aside?: boolean;
    }
  /** Writes, creates or deletes `path`. `inherent`: this is the program's purpose (`touch x`), so its allow rule covers it. */
  | {
      readonly kind: "write" | "delete";
      readonly path: ShellWord;
      readonly index: number;
      readonly inherent: boolean;
      /** Whole folders come or go with it, or get a further name. */
      readonly tree?: true;
      /** All that is there loses what it held (`truncate -s 0`), or who may use it changes, all the way down (`chmod -R`). */
      readonly wipes?: "contents" | "rights";
      /** What comes to stand below it where it is a folder: `cp a/.envrc .` writes `./.envrc`. */
      readonly brings?: readonly ShellWord[];
    }
  /** Works in another directory. */
  | { readonly kind: "directory"; readonly path: ShellWord; readonly index: number }
  /** Runs other commands, judged on their own. */
  | { readonly kind: "run"; readonly index: number; readonly inner: readonly Command[] }
  /** An effect of DESIGN 7 rule 5, or something not understood. Covered only by a rule whose own words name it. */
  | {
      readonly kind: "gadget";
      readonly code: string;
      readonly index: number;
      /** Code that stands in no word of the command, and that nobody reads: a here-document for python. */
      readonly program?: string;
    }
  /** Asks a person in every mode, whatever a rule says (rule 8, PERM-11). */
  | { readonly kind: "irreversible"; readonly code: string; readonly index: number };

/** One simple command, wherever it stood. */
export interface Command {
  /** As written. */
  readonly text: string;
  readonly offset: number;
  /** Never empty: the program, then its arguments. */
  readonly words: readonly ShellWord[];
  readonly effects: readonly Effect[];
  /** True for what needs no rule: `true`, `:`, `cd` inside the workspace, free wrappers around judged commands. */
  readonly free: boolean;
  /** True when it belongs to the read-only set and uses nothing else. */
  readonly readOnly: boolean;
  /** True for plain file commands, which `acceptEdits` lets pass inside the workspace. */
  readonly fileCommand: boolean;
  /** Other spellings of the same act, for ask and deny: without path, global options, wrappers. */
  readonly alsoKnownAs: readonly (readonly (string | undefined)[])[];
  /** Directories it may run in; empty when not known. */
  readonly directories: readonly string[];
}

/** Something that could not be proved. */
export interface Unknown {
  readonly code: string;
  readonly text: string;
  readonly offset: number;
}

/** The whole of what a text would do. */
export interface Facts {
  readonly commands: readonly Command[];
  readonly unknown: readonly Unknown[];
}

/** What the analysis must be told of the world. */
export interface ShellContext {
  /** Absolute working directory. */
  readonly cwd: string;
  readonly root: string;
  readonly home: string;
}
