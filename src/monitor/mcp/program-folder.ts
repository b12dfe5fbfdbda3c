// Where a server's own program stands, when that is neither in its workspace nor among the system's: a server that is installed somewhere reads itself.
// The narrowest folder that holds it with what it loads, and never one in which other things of the person's stand too.
import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
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

/** Folders and files, read-only, that the words name as the program. `home` and everything above it stay closed, and so does what holds the workspace. */
export function programFolders(
  argv: readonly string[],
  { home, root }: { readonly home: string; readonly root: string },
): readonly string[] {
  const [program = "", ...rest] = argv;
  const script = rest.find((word) => !word.startsWith("-"));
  const named = [
    ...(isAbsolute(program) && isFile(program, constants.X_OK) ? [program] : []),
    ...(script !== undefined && isAbsolute(script) && SCRIPT.test(script) && isFile(script, constants.R_OK)
      ? [script]
      : []),
  ];
  const closed = (folder: string): boolean => isInside(folder, home) || isInside(folder, root);
  return [...new Set(named.flatMap((path) => [path, realpathSync(path)]))].flatMap((path) => {
    if (isInside(root, path) || SYSTEM.test(path) || /[*?[]/.test(path)) return []; // seen already, or nothing that a policy can name
    const folder = wholeOf(path);
    return [folder === undefined || closed(folder) ? path : folder];
  });
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
