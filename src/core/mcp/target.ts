// Which server a lock speaks of: the command or the address that a person had before them, in words that another machine and a reviewer may see.
import { joinPath } from "../shell/index.ts";
import { mayBeStarted } from "./start/program-word.ts";
import { isMoved, readStart } from "./start/start.ts";
import { LEFT_OUT, shownAddress, shownAddresses } from "./target-address.ts";
import { type Declared, shownEnv } from "./target-env.ts";
import { SECRET, withoutSecret, withoutSignIn } from "./target-secret.ts";

/** A command, or an address. */
export type ServerTarget =
  | {
      readonly argv: readonly string[];
      /** The variables of its entry that decide which code runs: `NAME=value`, or the name alone where it is not set; in order, absent where there is none. */
      readonly env?: readonly string[];
      /** Where it is started, when that may decide which code runs: absent where it does not. */
      readonly folder?: string;
      /** One text for all that is not shown and yet is part of it. */
      readonly sealed?: string;
    }
  | { readonly url: string; readonly sealed?: string };

/** Makes one text of another that says nothing of it and is the same on every machine. Handed in: the core owns no crypto. */
export type Seal = (text: string) => string;

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

/** What makes a target of a command: the variables that its entry declares, with their values. */
export interface TargetParts {
  readonly declared?: Declared;
  readonly seal: Seal;
}

/**
 * A command as a lock keeps it: the workspace and the home by name, and no secret that somebody wrote on the command line. Where it is started is part of it
 * unless its form is known not to depend on that: then its relative files stand there by their whole names.
 */
export function commandTarget(
  argv: readonly string[],
  places: TargetPlaces,
  { declared = {}, seal }: TargetParts,
): ServerTarget {
  const { workspace, cwd = workspace } = places;
  const isFile = argv.map((word, index) => isRelativeFile(word, { argv, index }));
  const whole = argv.map((word, index) => (isFile[index] === true ? joinPath(cwd, word) : word));
  const { env, hidden, folder: lookedUp } = shownEnv(declared, (text) => placed(text, places));
  const folder =
    lookedUp ||
    readStart(
      argv.map((word) => placed(word, places)),
      (index) => isFile[index] === true,
    ).folder;
  const words = (folder || cwd === workspace ? argv : whole).map((word) => placed(word, places));
  const shown = words.map(shownAddresses);
  const bare = shown.map((_, index) => withoutSecret(shown, index));
  const isLeftOut = (index: number): boolean => bare[index] === SECRET && mayBeStarted(words, index);
  const sealed = [
    ...words.flatMap((word, index) =>
      word === shown[index] && !isLeftOut(index) ? [] : [[index, withoutSignIn(word)]],
    ),
    ...hidden,
  ];
  return {
    argv: bare,
    ...(env.length === 0 ? {} : { env }),
    ...(folder ? { folder: placed(cwd, places) } : {}),
    ...(sealed.length === 0 ? {} : { sealed: seal(JSON.stringify(["command", sealed])) }),
  };
}

/** An address as a lock keeps it: without credentials, its query's values and what looks random in it sealed. Undefined for what is no http address. */
export function urlTarget(text: string, seal: Seal): ServerTarget | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  const { shown, whole } = shownAddress(url);
  return { url: shown, ...(shown.includes(LEFT_OUT) ? { sealed: seal(JSON.stringify(["address", whole])) } : {}) };
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
  if ("url" in target) return JSON.stringify(["url", target.url, target.sealed ?? ""]);
  const { argv, env = [], folder, sealed } = target;
  const [program = "", ...words] = folder === undefined ? wholeWords(argv) : argv;
  const name = program.replace(SYSTEM, "");
  const started = [name, ...(name === "npx" ? withoutYes(words) : words)];
  return JSON.stringify(["argv", started, [...env].sort(), folder ?? "", sealed ?? ""]);
}

/** The target for one person on one machine: a program that is the workspace's own, or chosen by a folder of it, is that workspace's alone. */
export function targetHere(target: ServerTarget, workspace: string): ServerTarget {
  if ("url" in target) return target;
  const { argv, folder } = target;
  const files = new Set(readStart(argv, (index) => isRelativeFile(argv[index] ?? "", { argv, index })).files);
  const here = argv.map((word, index) => {
    const file = isRelativeFile(word, { argv, index }) ? `${WORKSPACE}/${word}` : word;
    const isCode = file !== word || files.has(index) || index === 0 || SCRIPT.test(word);
    return isCode ? below(file, workspace) : word;
  });
  return { ...target, argv: here, ...(folder === undefined ? {} : { folder: below(folder, workspace) }) };
}

function below(path: string, workspace: string): string {
  return path === WORKSPACE || path.startsWith(`${WORKSPACE}/`)
    ? joinPath(workspace, path.slice(WORKSPACE.length + 1))
    : path;
}

/** For people. */
export function targetText(target: ServerTarget): string {
  if ("url" in target) return target.url;
  const { argv, env = [], folder } = target;
  const words = [...env, ...argv].map((word) => (/^[\w@%+=:,./${}-]+$/.test(word) ? word : JSON.stringify(word)));
  return `${words.join(" ")}${folder === undefined ? "" : ` (in ${folder})`}`;
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
  if (/^\.{1,2}\//.test(word)) return index === 0 || !isMoved(argv);
  if (index === 0) return word.includes("/") && !/^(?:\/|\$\{)/.test(word);
  if (isMoved(argv)) return false;
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
  return whole === WORKSPACE || whole.startsWith(`${WORKSPACE}/`) ? whole : word;
}

function wholeWords(argv: readonly string[]): readonly string[] {
  return argv.map((word, index) => (isRelativeFile(word, { argv, index }) ? inWorkspace(word) : word));
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
