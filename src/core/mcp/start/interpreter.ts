// Interpreters that get a file: which code runs is that file, wherever they are started. With a module's name, a line of code or nothing they look around.
import starters from "./starters.json" with { type: "json" };
import { isStarterPackage, nameOf, scriptName, startsAnother, type Words } from "./words.ts";

interface Interpreter {
  readonly name: string;
  /** Options that choose no code. */
  readonly bare: string;
  /** The ones of these that have a value. */
  readonly valued?: string;
  /** The option that the file stands behind, where it does not stand alone. */
  readonly file?: string;
}

/** How the interpreter at this word is started; undefined for another program. */
export function runsInterpreter(
  words: Words,
  at: number,
): { readonly folder: boolean; readonly files: readonly number[] } | undefined {
  const { argv } = words;
  const name = nameOf(argv[at] ?? "");
  const found = (starters.interpreters as readonly Interpreter[]).find((one) => new RegExp(one.name).test(name));
  if (found === undefined) return undefined;
  const [bare, valued] = [new RegExp(found.bare), new RegExp(found.valued ?? "^$")];
  const file = found.file === undefined ? undefined : new RegExp(found.file);
  for (let next = at + 1; next < argv.length; next += 1) {
    const word = argv[next] ?? "";
    if (file?.test(word) === true) return fileAt(words, next + 1);
    if (valued.test(word)) next += 1;
    else if (!bare.test(word)) return file === undefined ? fileAt(words, next) : { folder: true, files: [] };
  }
  return { folder: true, files: [] };
}

/** The file: which code runs is that file, unless it is a program that runs what the folder has, or one that was installed to run other files. */
function fileAt({ argv, isFile }: Words, at: number): { readonly folder: boolean; readonly files: readonly number[] } {
  const word = argv[at] ?? "";
  const runsOthers =
    isStarterPackage(scriptName(word)) || (word.includes("node_modules/") && argv.slice(at + 1).some(startsAnother));
  return isFile(at) ? { folder: runsOthers, files: [at] } : { folder: true, files: [] };
}
