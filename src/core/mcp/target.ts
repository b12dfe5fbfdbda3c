// Which server a lock speaks of: the command or the address that a person had before them, in words that another machine and a reviewer may see.
import { choosesCode } from "../policy/loader-names.ts";
import { joinPath } from "../shell/index.ts";
import { withoutSecret, withoutTokens } from "./target-secret.ts";

/** A command, or an address. */
export type ServerTarget =
  | {
      readonly argv: readonly string[];
      /** The names of its entry's variables that decide which code runs, in order; absent where there is none. */
      readonly env?: readonly string[];
    }
  | { readonly url: string };

/** The package that a runner such as npx would start, as far as the machine knows it. Information: what a registry serves is not what was read. */
export interface PackagePin {
  readonly name: string;
  readonly version?: string;
  readonly integrity?: string;
}

/** The places that differ from machine to machine. */
export interface TargetPlaces {
  readonly workspace: string;
  readonly home: string;
  /** Where the command is started; the workspace itself where absent. */
  readonly cwd?: string;
}

/**
 * A command as a lock keeps it: the workspace and the home by name, and no secret that somebody wrote on the command line. `declared` are the variables
 * of its entry by name: who sets NODE_OPTIONS may start another program with the same words.
 */
export function commandTarget(
  argv: readonly string[],
  places: TargetPlaces,
  declared: readonly string[] = [],
): ServerTarget {
  const { workspace, cwd = workspace } = places;
  const env = [...new Set(declared.filter(choosesCode))].sort();
  const placedWords = argv.map((word, index) => {
    const whole = cwd !== workspace && isRelativeFile(word, { argv, index }) ? joinPath(cwd, word) : word;
    return placed(whole, places);
  });
  const words = placedWords.map((_, index) => withoutSecret(placedWords, index));
  return { argv: words, ...(env.length === 0 ? {} : { env }) };
}

/** An address as a lock keeps it: without credentials, and without the values of its query. Undefined for what is no http address. */
export function urlTarget(text: string): ServerTarget | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  const query = [...new Set(url.searchParams.keys())].sort().map((key) => `${encodeURIComponent(key)}=…`);
  const path = withoutTokens(url.pathname);
  return { url: `${url.protocol}//${url.host}${path}${query.length === 0 ? "" : `?${query.join("&")}`}` };
}

/** Whether two are the same server, however it is spelled. */
export function isSameTarget(one: ServerTarget, other: ServerTarget): boolean {
  return targetKey(one) === targetKey(other);
}

/**
 * One text for every spelling of a target: a program of the system's by its name or its path, a file of the workspace by either, `npx` with or without
 * its yes. Another package, version, word, variable or address has another text.
 */
export function targetKey(target: ServerTarget): string {
  if ("url" in target) return JSON.stringify(["url", target.url]);
  const { argv, env = [] } = target;
  const [program = "", ...words] = argv.map((word, index) =>
    isRelativeFile(word, { argv, index }) ? inWorkspace(word) : word,
  );
  const name = program.replace(SYSTEM, "");
  return JSON.stringify(["argv", [name, ...(name === "npx" ? withoutYes(words) : words)], [...env].sort()]);
}

/** The target for one person on one machine: a program that is the workspace's own is that workspace's alone. */
export function targetHere(target: ServerTarget, workspace: string): ServerTarget {
  if ("url" in target) return target;
  const { argv, env } = target;
  const here = argv.map((word, index) => {
    const isFile = isRelativeFile(word, { argv, index });
    const placed = isFile ? `${WORKSPACE}/${word}` : word;
    if (!placed.startsWith(`${WORKSPACE}/`) || !(isFile || index === 0 || SCRIPT.test(word))) return word;
    return joinPath(workspace, placed.slice(WORKSPACE.length + 1));
  });
  return { argv: here, ...(env === undefined ? {} : { env }) };
}

/** For people. */
export function targetText(target: ServerTarget): string {
  if ("url" in target) return target.url;
  const { argv, env = [] } = target;
  const words = argv.map((word) => (/^[\w@%+=:,./${}-]+$/.test(word) ? word : JSON.stringify(word)));
  return [...env.map((name) => `${name}=…`), ...words].join(" ");
}

const WORKSPACE = "${workspace}";
const SYSTEM = /^(?:\/usr(?:\/local)?)?\/bin\/(?=[^/]+$)/;
const SCRIPT = /\.(?:[cm]?[jt]s|py|rb|sh|jar|php|pl|wasm)$/;
const INTERPRETER = /^(?:node(?:js)?|deno|bun|tsx|ts-node|python[\d.]*|ruby|perl|php|sh|bash|dash|java|uv)$/;
/** The first word behind these and their options is a file, whatever it is called. */
const PLAIN_INTERPRETER = /(?:^|\/)(?:node(?:js)?|tsx|ts-node|python[\d.]*|ruby|perl|php|sh|bash|dash)$/;
const BARE = /^-(?:[uBsSEIOqbdvPilxa]+)$/;
const BARE_LONG = /^--(?:no-|experimental-|enable-|trace-|inspect)/;
/** What starts another program by its name. */
const STARTS = /(?:^|\/)(?:env|npx|bunx|pnpx|uv|nohup|nice|timeout|stdbuf|sudo|exec)$/;

/** A word that names a file from where the command is started: by its dots, or as an interpreter's script. `highlight.js` is a package to `npx`. */
function isRelativeFile(
  word: string,
  { argv, index }: { readonly argv: readonly string[]; readonly index: number },
): boolean {
  if (/^\.{1,2}\//.test(word)) return true;
  if (index === 0) return word.includes("/") && !/^(?:\/|\$\{)/.test(word);
  if (/^(?:\/|-|\$\{|~)|[\s:]/.test(word)) return false;
  const starter = argv.findIndex((each) => INTERPRETER.test(each.slice(each.lastIndexOf("/") + 1)));
  if (starter < 0 || starter >= index || !(starter === 0 || STARTS.test(argv[0] ?? ""))) return false;
  return SCRIPT.test(word) || isFirstScript(argv.slice(starter, index));
}

/** Whether what comes behind these words is the script of an interpreter that takes one by any name: nothing but options without a value stands before it. */
function isFirstScript([interpreter = "", ...options]: readonly string[]): boolean {
  return (
    PLAIN_INTERPRETER.test(interpreter) &&
    options.every((word) => (word.startsWith("--") ? word.includes("=") || BARE_LONG.test(word) : BARE.test(word)))
  );
}

/** A file of the workspace by its whole name; what leads out of it stays as it is. */
function inWorkspace(word: string): string {
  const whole = joinPath(`/${WORKSPACE}`, word).slice(1);
  return whole.startsWith(`${WORKSPACE}/`) ? whole : word;
}

/** Without the runner's own yes: one that stands where an option's value would, or behind the package, is somebody else's. */
function withoutYes(words: readonly string[]): readonly string[] {
  const end = words.findIndex((word) => !word.startsWith("-"));
  const isFree = (before: string | undefined): boolean =>
    before === undefined || YES.has(before) || before.includes("=");
  return words.filter((word, at) => at > end || !YES.has(word) || !isFree(words[at - 1]));
}

const YES: ReadonlySet<string> = new Set(["-y", "--yes"]);

/** What only looks like one of our names for places is another word. */
const LOOKS_PLACED = /\$(?=\{(?:workspace|home|secret)\})/g;

function placed(word: string, { workspace, home }: TargetPlaces): string {
  for (const [path, name] of [
    [workspace, WORKSPACE],
    [home, "${home}"],
  ] as const) {
    if (path === "/" || !(word === path || word.startsWith(`${path}/`))) continue;
    return name + word.slice(path.length).replace(LOOKS_PLACED, "$$$$");
  }
  return word.replace(LOOKS_PLACED, "$$$$");
}
