// The program table: what each program's options and operands do (programs/*.json). Data with its own examples, which run as tests.
// An entry lists what is harmless; an option that is not listed is an effect. So a forgotten line is a question, never a hole.
import { once } from "../once.ts";
import always from "./programs/always.json" with { type: "json" };
import build from "./programs/build.json" with { type: "json" };
import cloud from "./programs/cloud.json" with { type: "json" };
import databases from "./programs/databases.json" with { type: "json" };
import files from "./programs/files.json" with { type: "json" };
import git from "./programs/git.json" with { type: "json" };
import publish from "./programs/publish.json" with { type: "json" };
import run from "./programs/run.json" with { type: "json" };
import system from "./programs/system.json" with { type: "json" };
import tools from "./programs/tools.json" with { type: "json" };

/**
 * What operands are: harmless text, names that are listed, files that are read, written or deleted, places whose code is built or run
 * (`project`: judged like `cd`), or code.
 */
export type OperandRole =
  | "text"
  | "list"
  | "read"
  | "project"
  | "pattern-read"
  | "write"
  | "make"
  | "pattern-write"
  | "delete"
  | "copy"
  | "move"
  | "link"
  | "archive"
  | "read-then-write"
  | "run"
  | "code";

/** One program, or one subcommand, as the JSON has it. */
export interface ProgramEntry {
  /** In the set that passes without a rule on workspace paths (reference: claude-code-and-srt.md section 4). */
  readonly readOnly?: boolean;
  /** A plain file command that `acceptEdits` lets pass. */
  readonly fileCommand?: boolean;
  /** Harmless one-letter options without and with a value. */
  readonly flags?: string;
  readonly values?: string;
  /** Harmless long options, separated by spaces; `name=` takes a value, `name==` two, `name?` an attached one or none. */
  readonly long?: string;
  /** Harmless letters that swallow the rest of their word (`-U3`), without which they take nothing. */
  readonly attached?: string;
  /**
   * Options with an effect: `o=` or `output=` with a value, `x` without; value: `write`, `read`, `directory`, a way to hold shell
   * text (`shell-text` and the other forms of inner-text.ts: judged besides), `command`, `each-command` and `module` (the words
   * from here on are a command), `named-format`, `module-mode`, `project`, `requirements` and `plugin-off` (harmless for well-known values), or a gadget's code; `CODE unless A B` is
   * harmless for these values.
   */
  readonly effects?: Readonly<Record<string, string>>;
  /** Configuration files in the working directory that the tool takes by itself, so that naming one is harmless. */
  readonly ownConfig?: string;
  /** Harmless words of irregular form, as an expression for what follows the dash (`-Wall`, `-std=c11`). */
  readonly plain?: string;
  /** `-5` is a harmless number. */
  readonly number?: boolean;
  readonly operands?: OperandRole;
  /** Options after which the pattern operand of `pattern-read` is missing. */
  readonly patternOptions?: readonly string[];
  /** Options that make reading recursive; `always` when it is by itself. */
  readonly recursive?: readonly string[] | "always";
  /** What is written loses all that it held; with a recursive option, all below it the rights that it had. */
  readonly wipes?: "contents" | "rights";
  /** Options that make a copy a further name of its source (`cp -l`). */
  readonly linking?: readonly string[];
  /** A source that ends in a slash is copied as what it holds, not by its name (`rsync a/ b`). */
  readonly slashOpens?: boolean;
  /** Single-dash long options (`-name`), as with go, java, terraform. */
  readonly singleDash?: boolean;
  /** Stops looking at options after the first operand. */
  readonly stopAtOperand?: boolean;
  /** Runs the rest as a command, after this many operands of its own. `free`: needs no rule for itself. */
  readonly wrapper?: number;
  readonly free?: boolean;
  /** A wrapper's option whose value is shell text. */
  readonly shellText?: string;
  /** Read-only only without operands (`git branch` lists, `git branch x` makes one). */
  readonly readOnlyWithoutOperands?: boolean;
  /** A wrapper that looks for the program in the project or a registry: naming the wrapper does not name what it runs. */
  readonly runner?: boolean;
  /** A wrapper that starts a shell when it is given no command. */
  readonly shellAlone?: boolean;
  readonly subcommands?: Readonly<Record<string, ProgramEntry>>;
  /** Codes that hold for every use. */
  readonly always?: string;
  /** `irreversible` acts by themselves (PERM-11). */
  readonly irreversible?: string;
  /** Options with which `always` and `irreversible` do not hold (`--dry-run`, `--no-pager`, `rpm -q`). */
  readonly exceptWith?: readonly string[];
  /** Every word is harmless text, whatever it looks like (`echo`). */
  readonly literal?: boolean;
  /** A word that is not constant is never harmless here, though no option is listed as an effect. */
  readonly careful?: boolean;
  /** The code in scripts.ts that looks at its words besides. */
  readonly special?: string;
  /** Takes everything it does not say itself from the subcommand of this name beside it. */
  readonly like?: string;
  /** Same entry as another program. */
  readonly same?: string;
  /** For the tests: commands that must stay quiet under an allow rule for the program, and commands that must not. */
  readonly quiet?: readonly string[];
  readonly asks?: readonly string[];
}

const TABLE = once((): ReadonlyMap<string, ProgramEntry> => {
  // Programs of which only this is said: each use has the effect (always.json: the effect, and the names that have it).
  const plain: readonly (readonly [string, ProgramEntry])[] = Object.entries(always).flatMap(([code, names]) =>
    names.split(" ").map((name) => [name, { always: code }] as const),
  );
  const parts = [build, cloud, databases, files, git, publish, run, system, tools];
  return new Map([
    ...plain,
    ...parts.flatMap((part) =>
      Object.entries(part as Readonly<Record<string, ProgramEntry>>).map(
        ([name, entry]) => [name, completed(entry)] as const,
      ),
    ),
  ]);
});

/** An entry with every `like` below it filled in. */
function completed(entry: ProgramEntry): ProgramEntry {
  const beside = entry.subcommands;
  if (beside === undefined) return entry;
  const subcommands = Object.entries(beside).map(
    ([name, sub]) => [name, completed(sub.like === undefined ? sub : { ...beside[sub.like], ...sub })] as const,
  );
  return { ...entry, subcommands: Object.fromEntries(subcommands) };
}

/** The dynamic loader as a program: it runs the program that it is given. */
const LOADER = /^ld(?:-linux|-musl)?[\w.-]*\.so(?:\.\d+)*$/;

/** All entries, for the tests and for lint. */
export function allPrograms(): ReadonlyMap<string, ProgramEntry> {
  return TABLE();
}

/** The entry of a program's base name. */
export function programEntry(name: string): ProgramEntry | undefined {
  const entry = TABLE().get(LOADER.test(name) ? "ld.so" : name);
  return entry?.same === undefined ? entry : TABLE().get(entry.same);
}
