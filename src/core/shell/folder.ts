// `for f in src/*.ts; do sed -n 1p "$f"; done`: the folder that every value of a loop's variable begins with (DESIGN 7 rule 3), which says that
// the value is no option and no address. Proved on the whole text: nothing else may set the variable where the body could see it.
import type { ParameterExpansionPart, Word, WordPart } from "unbash";
import { expandBraces } from "./brace.ts";
import type { ShellWord } from "./facts.ts";

/** A folder below the working directory: no option, no address, no assignment, nowhere above. */
const FOLDER = /^(?:\.\/|\.?\w[^:=]*\/)/;
/** A step up, also the one that a pattern finds (`.*` before bash 5.2). */
const CLIMBS = /(?:^|\/)\.(?:\.|[^/]*[*?[])/;
/** Only small letters begin a name that the shell keeps no value of its own in (`_`, `BASH_REMATCH`, `REPLY`). */
const PLAIN_NAME = /^[a-z]\w*$/;

/** The folder that every word of a `for` list begins with, `./` where it is not the same; `undefined` where one may begin otherwise. */
export function listFolder(list: readonly Written[]): string | undefined {
  const folders = list.map(wordFolder);
  const [first] = folders;
  if (first === undefined || folders.includes(undefined)) return undefined;
  return folders.every((folder) => folder === first) ? first : "./";
}

/** A word of a list, as written and as what it becomes. */
export interface Written {
  readonly word: Word;
  readonly becomes: readonly ShellWord[];
}

function wordFolder({ word, becomes }: Written): string | undefined {
  const [first, ...more] = becomes.map(({ value, prefix, kind, tilde }) =>
    tilde || kind === "split" ? undefined : FOLDER.exec(value ?? prefix)?.[0],
  );
  if (first === undefined || more.includes(undefined)) return undefined;
  if (becomes.some(({ value, prefix }) => CLIMBS.test(value ?? prefix))) return undefined;
  const texts = becomes.some(({ kind }) => kind === "glob") ? plainTexts(word.text) : [];
  if (texts === undefined || texts.some((text) => CLIMBS.test(text))) return undefined;
  return more.every((folder) => folder === first) ? first : "./";
}

/** A pattern's texts without quotes and braces; `undefined` for one in which anything else is expanded. */
function plainTexts(written: string): readonly string[] | undefined {
  if (/[$`\\]/.test(written)) return undefined;
  return expandBraces(written)?.map((text) => text.replaceAll(/["']/g, ""));
}

/**
 * The beginning that is left of a variable's folder in `$f`, `${f}`, `${f%.ts}` or `${f%.*}`: what is cut at the end holds no slash, and with a
 * star starts with a letter that the folder does not have.
 */
export function keptFolder(part: WordPart, folderOf: (name: string) => string | undefined): string | undefined {
  if (part.type === "SimpleExpansion") return folderOf(part.text.slice(1));
  if (part.type !== "ParameterExpansion" || part.index !== undefined || part.prefix !== undefined) return undefined;
  if (!PLAIN_NAME.test(part.parameter)) return undefined;
  const { operation } = part;
  if (operation === undefined) return folderOf(part.parameter);
  const cut = cutText(operation);
  if (cut === undefined) return undefined;
  const folder = folderOf(part.parameter);
  return folder !== undefined && cut.endsWith("*") && folder.toLowerCase().includes(cut.charAt(0).toLowerCase())
    ? undefined
    : folder;
}

function cutText(operation: NonNullable<ParameterExpansionPart["operation"]>): string | undefined {
  if (operation.type !== "Remove" || !operation.operator.startsWith("%")) return undefined;
  const { text } = operation.operand;
  return /^[\w.-]+\*?$/.test(text) ? text : undefined;
}

/** What a text does to one name. */
interface Loops {
  /** The folders of its loops; nothing for a loop over other words. */
  readonly folders: Set<string | undefined>;
  /** True where something else than a loop sets it. */
  set: boolean;
  /** True where one of its loops may run inside another: nested, or in a function, trap or `eval`. */
  nested: boolean;
}

/** The loops of one text by their variables, and which of the folders hold where the reading is. */
export class Folders {
  private readonly proved: ReadonlySet<string>;
  private readonly loops: Map<string, Loops> = new Map();
  private readonly wanted = new Set<string>();
  private here: ReadonlyMap<string, string | undefined> = new Map();
  private calls = 0;
  private changed = false;

  /** `proved`: the names that an earlier reading of the same text answered. */
  constructor(proved: ReadonlySet<string>) {
    this.proved = proved;
  }

  /** The folder that the variable's value begins with. */
  of(name: string): string | undefined {
    const folder = this.here.get(name);
    if (folder !== undefined) this.wanted.add(name);
    return this.proved.has(name) ? folder : undefined;
  }

  /** Reads a loop's body. */
  within(name: string, folder: string | undefined, inside: () => void): void {
    const loops = this.about(name);
    loops.folders.add(folder);
    if (this.calls > 0 || this.here.has(name)) loops.nested = true;
    const before = this.here;
    this.here = new Map([...before, [name, folder]]);
    inside();
    this.here = before;
  }

  /** Reads what runs at another time or in another process: a function, a trap, text. */
  called(inside: () => void): void {
    const before = this.here;
    this.here = new Map();
    this.calls++;
    inside();
    this.calls--;
    this.here = before;
  }

  /** Something else than a loop sets the variable, or may. */
  set(name: string): void {
    this.about(name).set = true;
  }

  /** Something that nobody knows may set any variable. */
  unsettle(): void {
    this.changed = true;
  }

  /** The names for which another reading would know more. */
  provable(): ReadonlySet<string> {
    if (this.changed || this.wanted.size === 0) return new Set();
    return new Set([...this.wanted].filter((name) => PLAIN_NAME.test(name) && isProved(this.about(name))));
  }

  private about(name: string): Loops {
    const known = this.loops.get(name) ?? { folders: new Set(), set: false, nested: false };
    this.loops.set(name, known);
    return known;
  }
}

function isProved({ folders, set, nested }: Loops): boolean {
  return !set && !(nested && folders.size > 1);
}
