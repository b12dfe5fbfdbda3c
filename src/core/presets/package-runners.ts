// Programs that fetch what they run, as MCP servers are usually started: which registry each needs, and which cannot run in a fence at all.
import table from "./package-runners.json" with { type: "json" };

/** What starting it takes. */
export type PackageRunner =
  | { readonly command: string; readonly registry: string }
  /** Why not, in words. */
  | { readonly command: string; readonly refused: string };

interface Row {
  readonly command: string;
  /** The first word behind it that makes it one; absent: any. */
  readonly words?: readonly string[];
  readonly registry?: string;
  readonly refused?: string;
}

/** The runner that a command line starts, by base name; also behind `env NAME=value`. */
export function packageRunner(argv: readonly string[]): PackageRunner | undefined {
  const [program = "", ...rest] = argv;
  const command = program.slice(program.lastIndexOf("/") + 1);
  if (command === "env") return packageRunner(withoutSettings(rest));
  const first = rest.find((word) => !word.startsWith("-"));
  const row = (table as readonly Row[]).find(
    (one) => one.command === command && (one.words === undefined || one.words.includes(first ?? "")),
  );
  if (row?.refused !== undefined) return { command, refused: row.refused };
  return row?.registry === undefined ? undefined : { command, registry: row.registry };
}

/** What `env` runs. */
function withoutSettings(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => !word.startsWith("-") && !word.includes("="));
  return at < 0 ? [] : words.slice(at);
}
