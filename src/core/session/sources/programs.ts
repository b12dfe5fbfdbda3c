// What each program speaks of, as data (programs.json): which of its words read from others, reach private things, or change something outside.
// Like the program table of the shell room it lists what is harmless: a subcommand that stands nowhere counts as reading and changing.
import table from "./programs.json" with { type: "json" };

/** One program. Lists of words are separated by spaces. */
export interface LegProgram {
  /** It talks to the hosts that its words name (fetches.ts). */
  readonly fetches?: boolean;
  /** Any use with an operand. */
  readonly always?: readonly string[];
  /** `always` holds only when an operand names another machine: any operand, or one such as `host:path`. */
  readonly remote?: "host" | "colon";
  /** First operands that speak of nothing. */
  readonly quiet?: string;
  readonly readers?: string;
  /** Readers by their form (`describe-instances`). */
  readonly readingPattern?: string;
  readonly changers?: string;
  /** Options, without dashes, that make a reader a changer. */
  readonly writingOptions?: string;
  readonly reads?: readonly string[];
  readonly changes?: readonly string[];
  /** What neither a reader nor a changer speaks of; both of theirs when absent. */
  readonly otherwise?: readonly string[];
  /** What single words among the first operands speak of, besides. */
  readonly words?: Readonly<Record<string, readonly string[]>>;
  /** What an operand that names another machine's URL speaks of. */
  readonly urls?: readonly string[];
  /** Options that lead its own network elsewhere: then `urls` holds too. */
  readonly redirectedBy?: string;
  /** Its arguments may hold statements that change rows. */
  readonly writes?: boolean;
}

const TABLE: ReadonlyMap<string, LegProgram> = new Map(
  Object.entries(table as Readonly<Record<string, LegProgram>>).flatMap(([names, program]) =>
    names.split(" ").map((name) => [name, program] as const),
  ),
);

/** The entry of a program's base name. */
export function legProgram(name: string): LegProgram | undefined {
  return TABLE.get(name);
}

/** Every entry, for the tests: each source that is named must be one. */
export function allLegPrograms(): ReadonlyMap<string, LegProgram> {
  return TABLE;
}
