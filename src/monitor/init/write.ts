// Writes `.ringfence/policy.yaml` without following anything the repository planted: the folder is opened once, as a folder and no link,
// and everything happens relative to that descriptor (STYLE 9).
import { closeSync, constants, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";

/** The file's place below a workspace. */
export const POLICY_FILE = ".ringfence/policy.yaml";

/** Writes it whole. An existing file, or a link of that name, is only replaced with `force`, and a link is replaced, never followed. */
export function writePolicyFile(
  root: string,
  text: string,
  options: { readonly force: boolean },
): Result<string, Problem> {
  const folder = join(root, ".ringfence");
  let descriptor: number | undefined;
  let temporary: string | undefined;
  try {
    mkdirSync(folder, { recursive: false, mode: 0o755 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") return err(cannotWrite(error));
  }
  try {
    descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const here = `/proc/self/fd/${descriptor}`;
    const target = `${here}/policy.yaml`;
    temporary = `${here}/.policy.yaml.${process.pid}`;
    writeWhole(temporary, text);
    if (options.force) renameSync(temporary, target);
    else linkSync(temporary, target); // unlike rename, fails when the name is taken, whatever it is
    return ok(join(root, POLICY_FILE));
  } catch (error) {
    return err(codeOf(error) === "EEXIST" ? exists() : cannotWrite(error));
  } finally {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function writeWhole(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o644);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function exists(): Problem {
  return {
    code: "policy-exists",
    message: `\`${POLICY_FILE}\` exists already`,
    hint: "`ringfence init --force` replaces it; `ringfence init --print` only shows the proposal",
  };
}

function cannotWrite(error: unknown): Problem {
  const code = codeOf(error);
  if (code === "ELOOP" || code === "ENOTDIR") {
    return {
      code: "policy-folder",
      message: "`.ringfence` is not a folder of this repository (a link, or a file)",
      hint: "look at it, and remove it if it is not yours",
    };
  }
  return {
    code: "policy-unwritable",
    message: `\`${POLICY_FILE}\` cannot be written (${code})`,
    hint: "run as the owner of the repository",
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
