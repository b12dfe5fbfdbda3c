// Words of commands, as far as they say where code comes from.
import starters from "./starters.json" with { type: "json" };

/** A command, and which of its words are files by their whole names, or get these. */
export interface Words {
  readonly argv: readonly string[];
  readonly isFile: (index: number) => boolean;
}

/** The name of a program without its folder and its version: `node18`, `python3.12`. */
export function nameOf(word: string): string {
  const name = word.slice(word.lastIndexOf("/") + 1);
  const bare = name.replace(/(?<=[A-Za-z])-?\d[\d.]*[a-z]?$/, "");
  return BOUND.has(name) ? name : bare;
}

/** The program that a script is: `npm-cli.js`, `poetry.py`. */
export function scriptName(word: string): string {
  return nameOf(
    nameOf(word)
      .replace(/\.\w+$/, "")
      .replace(/-cli$/, ""),
  );
}

/** A file by its whole name: from the root, or from a place that a lock knows by name. */
export function isWhole(word: string): boolean {
  return /^(?:\/|\$\{(?:workspace|home)\}(?:\/|$))/.test(word);
}

/** What runs something that the folder has, or something that its other words name. */
export function isBoundProgram(word: string): boolean {
  return BOUND.has(nameOf(word)) || isStarterPackage(scriptName(word));
}

interface Wrapper {
  readonly bare: string;
  readonly valued: string;
  /** Words of its own behind the options. */
  readonly operands: number;
}

const BOUND: ReadonlySet<string> = new Set(starters.bound);
/** Of these, what is said of other things too: alone among a program's words they are no program. */
const ORDINARY: ReadonlySet<string> = new Set(starters.ordinary);
const WRAPPERS: Readonly<Record<string, Wrapper>> = starters.wrappers;
const INTERPRETERS = starters.interpreters.map(({ name }) => new RegExp(name));
const RUNNERS: ReadonlySet<string> = new Set(["npx", "bunx", "uvx"]);

/** Where the program stands that `env`, `timeout` and their kin start; undefined for what is none of them. */
export function pastWrapper(argv: readonly string[], at: number): number | "unknown" | undefined {
  const name = nameOf(argv[at] ?? "");
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  if (wrapper === undefined) return undefined;
  const [bare, valued] = [new RegExp(wrapper.bare, "s"), new RegExp(wrapper.valued)];
  let next = at + 1;
  while (next < argv.length) {
    const word = argv[next] ?? "";
    if (valued.test(word)) next += 2;
    else if (bare.test(word)) next += 1;
    else break;
  }
  if (argv[next] === "--") next += 1;
  next += wrapper.operands;
  return next < argv.length && !(argv[next] ?? "").startsWith("-") ? next : "unknown";
}

/** Whether one of the words of a program that is otherwise known could be a file of the folder, or another program that looks there. */
export function reachesOut(words: readonly string[]): boolean {
  return words.some((word) => isRelative(word) || startsAnother(word));
}

/** Whether a word is a script without its whole name, or names a program that starts others, alone or in a line for a shell. */
export function startsAnother(word: string): boolean {
  const value = /^--?[\w-]+=(.*)$/s.exec(word)?.[1] ?? word;
  const parts = value.split(/[\s;&|()<>"'`]+|\$\(/).filter((part) => part !== "");
  return parts.some((part) => {
    if (part.includes("://")) return false;
    const name = nameOf(part);
    const isProgram = isStarter(name) && (parts.length > 1 || !ORDINARY.has(name));
    return isProgram || SCRIPT.test(part) || (parts.length > 1 && /^\.{1,2}\//.test(part));
  });
}

/** Whether a program of this name starts others. */
export function isStarter(name: string): boolean {
  return BOUND.has(name) || RUNNERS.has(name) || INTERPRETERS.some((one) => one.test(name));
}

/** Whether a package of this name is such a program. */
export function isStarterPackage(name: string): boolean {
  return isStarter(name) && !ORDINARY.has(name);
}

const SCRIPT = /^(?!\/|\$\{|[a-z][a-z0-9+.-]*:\/\/).+\.(?:[cm]?[jt]sx?|py|rb|sh|jar|php|pl|wasm|dll|exe|so)$/;

function isRelative(word: string): boolean {
  const value = /^--?[\w-]+=(.*)$/s.exec(word)?.[1] ?? word;
  if (/^\.{1,2}(?:\/|$)/.test(value)) return true;
  return value.includes("/") && !isWhole(value) && !/^[a-z][a-z0-9+.-]*:\/\//i.test(value) && !/^~\/|\s/.test(value);
}
