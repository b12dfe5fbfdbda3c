// Where a server's own program stands, when that is neither in its workspace nor among the system's: a server that is installed somewhere reads itself.
// The narrowest folder that holds it with what it loads, and never one in which other things of the person's stand too.
import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { choosesCode } from "#core/policy";
import { isInside } from "#core/shell";

/** A folder with one of these is what somebody made as one piece. */
const MARKS = [
  "package.json",
  "pyproject.toml",
  "setup.py",
  "pyvenv.cfg",
  "Cargo.toml",
  "go.mod",
  "Gemfile",
  "deno.json",
];
const SYSTEM = /^\/(?:usr|opt|nix|snap|bin|sbin|lib\d*)\//;
const SCRIPT = /\.(?:[cm]?[jt]s|py|rb|sh|jar|php|pl|wasm)$/;

/** What runs the file that is its next word and nothing beside it, and the options that may stand between. Who looks into the folder it is called in (deno, bun) is none. */
const INTERPRETERS: readonly (readonly [RegExp, RegExp?])[] = [
  [/^(?:node(?:js)?|ruby|perl|php|sh|bash|dash)$/],
  [/^python[\d.]*$/, /^-[uB]$/],
  [/^java$/, /^-jar$/],
];

/** Around it. */
interface Surroundings {
  /** Names of the variables that its entry declares. */
  readonly declared: readonly string[];
  /** The workspace. */
  readonly root: string;
  /** Closed, as everything above them is. */
  readonly kept: readonly string[];
}

/**
 * Folders and files, read-only, that the words name as the program. An entry may be a project's, and so a stranger's word: its program counts only where
 * nothing else can be what runs, neither a file of the workspace, nor an option's, nor a variable's; or it could name any folder of the person's to read it.
 */
export function programFolders(argv: readonly string[], { declared, root, kept }: Surroundings): readonly string[] {
  if (declared.some(choosesCode)) return [];
  const closed = [root, ...kept].flatMap((path) => [path, realOf(path) ?? path]);
  const named = programOf(argv, (path) => isInside(realOf(root) ?? root, path));
  return [...new Set(named.flatMap((path) => [path, realpathSync(path)]))].flatMap((path) => {
    if (isInside(root, path) || SYSTEM.test(path) || /[*?[]/.test(path)) return []; // seen already, or nothing that a policy can name
    const folder = wholeOf(path);
    const real = folder === undefined ? undefined : realOf(folder);
    return [
      folder === undefined || real === undefined || closed.some((inner) => isInside(real, inner)) ? path : folder,
    ];
  });
}

/** The files that run: an absolute program, and the script that an interpreter gets. */
function programOf(argv: readonly string[], isTheirs: (real: string) => boolean): readonly string[] {
  const [program = "", ...rest] = argv;
  const real = isAbsolute(program) ? realOf(program) : undefined;
  if (program.includes("/") && (real === undefined || isTheirs(real) || !isFile(real, constants.X_OK))) return [];
  const own = real === undefined ? [] : [resolve(program)];
  const interpreter = INTERPRETERS.find(([name]) => name.test(basename(program)));
  const script = rest.find((word) => interpreter?.[1]?.test(word) !== true) ?? "";
  const isScript =
    interpreter !== undefined && isAbsolute(script) && SCRIPT.test(script) && isFile(script, constants.R_OK);
  return isScript ? [...own, resolve(script)] : own;
}

/** What it belongs to: the outermost `node_modules` around it, else the nearest folder with a mark. */
function wholeOf(path: string): string | undefined {
  const modules = /^(.*?\/node_modules)\//.exec(path)?.[1];
  if (modules !== undefined) return modules;
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder))
    if (MARKS.some((mark) => existsSync(join(folder, mark)))) return folder;
  return undefined;
}

function isFile(path: string, access: number): boolean {
  try {
    accessSync(path, access);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
