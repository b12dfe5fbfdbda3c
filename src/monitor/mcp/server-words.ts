// What a server gets where no policy speaks of it: what its own command line needs and shows, and nothing else (least privilege).
//   workspace  live (`direct`, guarded) where the command line or a variable of its entry names something in it, as a filesystem server's does;
//              read-only otherwise
//   reading    where its own program stands (program-folder.ts)
//   network    the registry of the program that fetches it (npx → npm, uvx → pypi), otherwise nothing
import { lstatSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { ServerWords } from "#core/policy";
import { packageRunner } from "#core/presets";
import { isInside } from "#core/shell";
import { forTerminal } from "#core/text";
import type { Workspace } from "../prepare/workspace.ts";
import type { RunRequest } from "../request.ts";
import { programFolders } from "./program-folder.ts";

/** A command line has fewer words than this, or is not looked through. */
const WORDS_MOST = 256;

/** Its words, or why this program cannot run in a fence; `undefined` for a run of anything else. */
export function serverWords(
  { argv, caller, gateway, stateDir }: Pick<RunRequest, "argv" | "caller" | "gateway" | "stateDir">,
  place: Pick<Workspace, "root" | "cwd">,
): Result<ServerWords | undefined, Problem> {
  if (gateway === undefined) return ok(undefined);
  const { server, declared } = gateway;
  const runner = packageRunner(argv);
  if (runner !== undefined && "refused" in runner) {
    return err({
      code: "mcp-container",
      message: `\`${runner.command}\` cannot start an MCP server here: ${runner.refused}`,
      hint: "run the program itself (npx, uvx, a binary), or take this entry out with `ringfence mcp unwrap` and let the container be its own fence",
    });
  }
  const names = [...argv.slice(1, WORDS_MOST), ...Object.values(declared)].some((word) => namesPlace(word, place));
  const command = forTerminal(runner?.command ?? "", { max: 40 });
  return ok({
    ...{ name: server, workspace: names ? "direct" : "read-only" },
    allowRead: programFolders(argv, {
      ...{ declared: Object.keys(declared), root: place.root, kept: [caller.home, stateDir] },
    }),
    allow: runner === undefined ? [] : [`preset:${runner.registry}`],
    ...{ allowPrivate: [], because: runner === undefined ? "the default of an MCP server" : `what ${command} needs` },
  });
}

/** True for a word, or what stands behind its `=`, that is a path to something in the workspace. A program that is only run from there is none. */
function namesPlace(word: string, { cwd, root }: Pick<Workspace, "root" | "cwd">): boolean {
  return [word, word.slice(word.indexOf("=") + 1)].some((text) => {
    if (text === "" || text.length > 4096 || text.startsWith("-") || text.includes("\0")) return false;
    if (!/^[./]/.test(text) && !text.includes("/")) return false; // `latest` is a word, even where a folder is called so
    const path = resolve(cwd, text);
    const real = realPath(path) ?? realPath(dirname(path)); // a file that the server will make
    return real !== undefined && isInside(root, real) && !isProgram(real);
  });
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** A script that an interpreter is given is read and not written. */
function isProgram(path: string): boolean {
  return lstatSync(path).isFile() && /\.(?:[cm]?[jt]s|py|rb|sh|jar|php|pl|wasm)$/.test(path);
}
