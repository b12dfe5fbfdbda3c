// What the shell knows at one place of the text: where it stands, which variables hold constants or numbers, which names are
// functions. Branches, loops and subshells are entered through here, so nothing learned in them is taken for granted after them.
import { joinPath } from "./directory.ts";
import { Folders } from "./folder.ts";

const MAX_DIRECTORIES = 8;

/** A use of a name as what it was on the way to here, to be taken back if it may be something else when the use happens. */
export interface NameUse {
  readonly name: string;
  readonly text: string;
  readonly offset: number;
}

/** One shell's state along the text. Mutable on purpose: the text is a sequence of changes to it. */
export class Flow {
  /** Every directory a command here may run in. */
  directories: readonly string[];
  /** Where the `cd` just read leads when it succeeds. */
  arrived: readonly string[] | undefined;
  /** Aliases by name, and whether the shell expands them (an interactive one does, `shopt -s expand_aliases` makes it). */
  readonly aliases: Map<string, { readonly text: string; readonly offset: number }> = new Map();
  expandsAliases = false;
  /** What the values of loop variables begin with. */
  readonly folders: Folders;
  private visited: ReadonlySet<string>;
  private constants: Map<string, string> = new Map();
  private numbers: Set<string> = new Set();
  private functions: Set<string> = new Set();
  private readonly assigned = new Set<string>();
  private readonly notNumbers = new Set<string>();
  private readonly uses: NameUse[] = [];
  private readonly calls: (NameUse & { readonly ordered: boolean })[] = [];
  /** Functions that are taken away somewhere: true where that may happen before or after anything else. */
  private readonly taken = new Map<string, boolean>();
  private unordered = 0;
  /** Above zero where a change of directory may happen more than once. */
  private repeated = 0;

  constructor(cwd: string, home: string, proved: ReadonlySet<string> = new Set()) {
    this.folders = new Folders(proved);
    this.directories = [cwd];
    this.visited = new Set(this.directories);
    this.constants.set("HOME", home);
  }

  /** The folder that a variable's value begins with, where that is proved. */
  folder(name: string): string | undefined {
    return this.folders.of(name);
  }

  /** The constant of a scalar set once, for ask and deny (DESIGN 7 rule 2), and of the two that a shell starts with. */
  constant(name: string): string | undefined {
    if (name === "PWD" && !this.assigned.has(name))
      return this.directories.length === 1 ? this.directories[0] : undefined;
    return this.constants.get(name);
  }

  /** True when the variable was given a number on every way to here. The use is remembered for `brokenNumbers`. */
  isNumber(name: string, text: string, offset: number): boolean {
    if (!this.numbers.has(name)) return false;
    this.uses.push({ name, text, offset });
    return true;
  }

  /** Uses as a number of variables that hold something else somewhere in the text: a loop or function may bring it here. */
  brokenNumbers(): readonly NameUse[] {
    return this.uses.filter((use) => this.notNumbers.has(use.name));
  }

  /** A variable gets a value of its own; `constant` is its text where known. */
  assign(name: string, value: { readonly constant?: string | undefined; readonly number: boolean }): void {
    this.folders.set(name);
    this.give(name, value);
  }

  /** Reads the body of a `for` over these words. */
  each(
    name: string,
    list: { readonly number: boolean; readonly folder: string | undefined },
    inside: () => void,
  ): void {
    this.loop(() => {
      this.give(name, list);
      this.folders.within(name, list.folder, inside);
    });
  }

  private give(name: string, value: { readonly constant?: string | undefined; readonly number: boolean }): void {
    const once = this.unordered === 0 && !this.assigned.has(name);
    this.assigned.add(name);
    if (once && value.constant !== undefined) this.constants.set(name, value.constant);
    else this.constants.delete(name);
    if (value.number) this.numbers.add(name);
    else {
      this.numbers.delete(name);
      this.notNumbers.add(name);
    }
  }

  /** A variable gets a value that nobody knows, or goes. */
  forget(name: string): void {
    this.assign(name, { number: false });
  }

  define(name: string): void {
    this.functions.add(name);
  }

  undefine(name: string): void {
    this.functions.delete(name);
  }

  /** `unset`: from here on, and in a function or a trap at any time, the name is a program again. */
  unset(name: string): void {
    this.undefine(name);
    this.taken.set(name, this.taken.get(name) === true || this.unordered > 0);
  }

  /** True when a function of this name was defined on every way to here. */
  isFunction(name: string): boolean {
    return this.functions.has(name);
  }

  /** Remembers a call of a function for `brokenCalls`. */
  call(name: string, offset: number): void {
    this.calls.push({ name, text: name, offset, ordered: this.unordered === 0 });
  }

  /** Calls of functions that may be gone by then: a trap runs late, a function whenever it is called. */
  brokenCalls(): readonly NameUse[] {
    return this.calls.filter(
      ({ name, ordered }) => this.taken.has(name) && !(ordered && this.taken.get(name) === false),
    );
  }

  /** Something that may or may not happen: what it teaches is forgotten, what it unsettles is not. */
  branch(inside: () => void): void {
    const { constants, numbers, functions } = this;
    this.constants = new Map(constants);
    this.numbers = new Set(numbers);
    this.functions = new Set(functions);
    inside();
    const after = this.constants;
    this.constants = new Map([...constants].filter(([name, value]) => after.get(name) === value));
    this.numbers = both(numbers, this.numbers);
    this.functions = both(functions, this.functions);
  }

  /** A branch that may happen again, before or after anything else in it. */
  loop(inside: () => void): void {
    this.unordered++;
    this.repeated++;
    this.branch(inside);
    this.repeated--;
    this.unordered--;
  }

  /** A function, a trap or text of `eval`, which may run again at another time. */
  called(inside: () => void): void {
    this.loop(() => this.folders.called(inside));
  }

  /** A shell of its own, as in `( … )`: it starts with all that is known, and its directory changes end with it. */
  subshell(inside: () => void): void {
    const { directories, arrived, visited, repeated } = this;
    this.repeated = 0;
    this.branch(inside);
    Object.assign(this, { directories, arrived, visited, repeated });
  }

  /** Another process that reads shell text: it has none of this shell's functions, and its own variables. */
  process(inside: () => void): void {
    const { constants, numbers, functions } = this;
    // exported wherever it was set
    this.constants = new Map([...constants].filter(([name]) => name === "HOME"));
    this.numbers = new Set();
    this.functions = new Set();
    const { directories, arrived, visited } = this;
    this.folders.called(inside);
    Object.assign(this, { constants, numbers, functions, directories, arrived, visited });
  }

  /**
   * Changes the directory. Both places are possible afterwards: the `cd` may fail, or stand in a branch.
   * False when too much becomes possible to tell.
   */
  enter(path: string): boolean {
    const next = this.directories.map((from) => joinPath(from, path));
    const all = new Set([...this.directories, ...next]);
    const adds = !path.startsWith("/") && !next.every((directory) => this.directories.includes(directory));
    if (all.size > MAX_DIRECTORIES || (this.repeated > 0 && adds)) return false;
    this.move([...all]);
    this.arrived = [...new Set(next)];
    return true;
  }

  /** Goes back to some directory visited before (`popd`). */
  back(): void {
    this.directories = [...this.visited];
  }

  /** Sets where commands may run from here on. */
  move(directories: readonly string[]): void {
    this.directories = directories;
    this.visited = new Set([...this.visited, ...directories]);
  }
}

function both(a: ReadonlySet<string>, b: ReadonlySet<string>): Set<string> {
  return new Set([...a].filter((name) => b.has(name)));
}
