// What the words of a command say of the folder that it is started in: whether another folder makes it another program. A program counts the folder unless
// its form is known not to: `npm start`, `make x` and `python -m x` run whatever the folder has, and nobody knows what a program of an unknown name looks for.
import { choosesCode } from "../../policy/loader-names.ts";
import { runsInterpreter } from "./interpreter.ts";
import { runsPackage } from "./runner.ts";
import starters from "./starters.json" with { type: "json" };
import { isBoundProgram, isWhole, nameOf, pastWrapper, reachesOut, type Words } from "./words.ts";

/** How a command is started. */
export interface Start {
  /** The folder decides which code runs, as far as is known. */
  readonly folder: boolean;
  /** The words, by index, that name the code itself: a program by its path, a script, a folder that it is told to go to. */
  readonly files: readonly number[];
}

/**
 * Reads a command. A whole name begins at the root or at a place (`${workspace}/…`); `isNamed` tells of a relative word that the reader gives its whole
 * name if the folder does not count. What stands behind `env` or `timeout` counts as if it stood alone.
 */
export function readStart(argv: readonly string[], isNamed: (index: number) => boolean): Start {
  return startAt({ argv, isFile: (index) => isNamed(index) || isWhole(argv[index] ?? "") }, 0);
}

/** True where an option of the command sends it to another folder first: words that are relative are not relative to where it is started. */
export function isMoved(argv: readonly string[]): boolean {
  const at = argv.findIndex((word) => movesOf(nameOf(word)).length > 0);
  const options = movesOf(nameOf(argv[at] ?? ""));
  return argv.slice(at + 1).some((word) => isOneOf(word, options));
}

const MOVES: Readonly<Record<string, readonly string[]>> = starters.moves;
const BOUND: Start = { folder: true, files: [] };

function startAt(words: Words, at: number): Start {
  const { argv, isFile } = words;
  const program = argv[at];
  if (program === undefined || (program.includes("/") && !isFile(at))) return BOUND;
  const files = isFile(at) ? [at] : [];
  const inner = pastWrapper(argv, at);
  if (inner === "unknown") return { folder: true, files };
  if (inner !== undefined) {
    const setsCode = argv
      .slice(at + 1, inner)
      .some((word) => choosesCode(word.split("=", 1)[0] ?? "") && word.includes("="));
    const start = startAt(words, inner);
    return { folder: start.folder || setsCode, files: [...files, ...start.files] };
  }
  const known = movedStart(argv, at) ?? runsPackage(argv, at) ?? runsInterpreter(words, at);
  if (known !== undefined) return { folder: known.folder, files: [...files, ...known.files] };
  const isFree = isFile(at) && !isBoundProgram(program) && !reachesOut(argv.slice(at + 1));
  return { folder: !isFree, files };
}

/** `uv --directory /x run y`: the folder is the one that it is sent to, once and by its whole name, before anything that could be the program's own word. */
function movedStart(argv: readonly string[], at: number): Start | undefined {
  const name = nameOf(argv[at] ?? "");
  const options = movesOf(name);
  const words = argv.slice(at + 1);
  const places = words.flatMap((word, index) => (isOneOf(word, options) ? [index] : []));
  const [place] = places;
  if (places.length !== 1 || place === undefined) return undefined;
  const option = words[place] ?? "";
  const joined = option.startsWith("--") && option.includes("=") ? option.slice(option.indexOf("=") + 1) : undefined;
  if (joined === undefined && !options.includes(option)) return undefined;
  const isVerb = /^(?:run|run-script|start)$/.test(words[0] ?? "");
  const isEarly = place === 0 || (place === 1 && isVerb);
  // npm takes its options from anywhere before `--`.
  const isLate =
    name === "npm" && isVerb && place === words.length - 2 && joined === undefined && !words.includes("--");
  const folder = joined ?? words[place + 1] ?? "";
  if (!(isEarly || isLate) || !isWhole(folder)) return undefined;
  return { folder: false, files: joined === undefined ? [at + 1 + place + 1] : [] };
}

function movesOf(name: string): readonly string[] {
  return Object.hasOwn(MOVES, name) ? (MOVES[name] ?? []) : [];
}

function isOneOf(word: string, options: readonly string[]): boolean {
  return options.some((option) => word.startsWith(option.startsWith("--") ? `${option}=` : option) || word === option);
}
