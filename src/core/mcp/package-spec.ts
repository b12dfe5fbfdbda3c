// Which package a command line fetches and starts, as far as its words say it.
import { packageRunner } from "../presets/index.ts";
import type { PackagePin } from "./target.ts";

/** Words behind which another word belongs to the runner. */
const WITH_VALUE: ReadonlySet<string> = new Set([
  "-p",
  "--package",
  "--registry",
  "--cache",
  "--userconfig",
  "--from",
  "--python",
  "--with",
  "--index-url",
]);
/** The ones that name the package themselves. */
const NAMES_PACKAGE: ReadonlySet<string> = new Set(["-p", "--package", "--from"]);
/** Words of runners that have several (`npm exec`, `pnpm dlx`). */
const SUBCOMMANDS: ReadonlySet<string> = new Set(["exec", "x", "dlx", "run", "tool"]);

/** The package of `npx name@version`, `uvx name==version` and their kin; undefined for any other command. */
export function packageSpec(argv: readonly string[]): PackagePin | undefined {
  const runner = packageRunner(argv);
  if (runner === undefined || "refused" in runner) return undefined;
  const start = argv.findIndex((word) => word === runner.command || word.endsWith(`/${runner.command}`));
  let named: string | undefined;
  let isRunners =
    runner.command !== "npx" && runner.command !== "uvx" && runner.command !== "bunx" && runner.command !== "pnpx";
  for (let at = start + 1; at < argv.length; at += 1) {
    const word = argv[at] ?? "";
    if (NAMES_PACKAGE.has(word)) named ??= argv[at + 1];
    if (WITH_VALUE.has(word)) at += 1;
    else if (isRunners && SUBCOMMANDS.has(word)) continue;
    else if (!word.startsWith("-")) {
      named ??= word;
      break;
    } else if (word === "--") isRunners = false;
  }
  return named === undefined ? undefined : specOf(named, runner.registry);
}

function specOf(text: string, registry: string): PackagePin | undefined {
  const parts =
    registry === "npm"
      ? /^((?:@[\w.~-]+\/)?[\w.~-]+)(?:@([\w.+^~*-]+))?$/.exec(text)
      : /^([\w.-]+)(?:\[[\w,.-]*\])?(?:(?:==|@)([\w.+!-]+))?$/.exec(text);
  const [, name, version] = parts ?? [];
  return name === undefined ? undefined : { name, ...(version === undefined ? {} : { version }) };
}
