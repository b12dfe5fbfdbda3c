// What the subcommands of `ringfence policy` share: the layers of this workspace, and how a value is shown.
import { resolve } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { LayerText } from "#core/policy";
import { forTerminal } from "#core/text";
import { readLayers, readPolicyFile, workspaceFolder } from "#monitor";
import { callerHome, callerStateDir } from "../caller.ts";
import { EXIT, fail } from "../exit.ts";

/** How `policy lint` and `policy test` end (DESIGN 5). */
export const RESULT = { holds: 0, fails: 1, incomplete: 2, unreadable: 3 } as const;

/** Where the layers of this workspace are looked for; `policyFile` is named by the person. */
export function placesHere(policyFile?: string): Parameters<typeof readLayers>[0] {
  return {
    workspaceRoot: workspaceFolder(process.cwd()),
    stateDir: callerStateDir(process.env),
    home: callerHome(),
    ...(policyFile === undefined ? {} : { policyFile: resolve(policyFile) }),
  };
}

/** The layers, or the end of the process. */
export async function layersHere(policyFile?: string): Promise<readonly LayerText[]> {
  const layers = await readLayers(placesHere(policyFile));
  return layers.ok ? layers.value : fail(layers.error, EXIT.badInput);
}

/** One line for the person. */
export function say(text: string): void {
  process.stdout.write(`${forTerminal(text, { max: 600 })}\n`);
}

/** A finding, with its place first and what to do about it below. */
export function sayProblem({ at, message, code, hint }: Problem): void {
  say(`${at === undefined ? "" : `${at.file}:${at.line}:${at.column}: `}${message} (${code})`);
  if (hint !== undefined) say(`  hint: ${hint}`);
}

/** A value of a policy on one line. */
export function oneValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
/**
 * The layers to look at: one file alone, or all of this workspace. A file that is not accepted yet counts as if it were: this is the moment
 * to look at it.
 */
export async function layersToTry(file: string | undefined): Promise<Result<readonly LayerText[], readonly Problem[]>> {
  if (file === undefined) {
    const read = await readLayers(placesHere());
    return read.ok ? ok(read.value.map((layer) => ({ ...layer, trusted: true }))) : read;
  }
  const read = await readPolicyFile(resolve(file), { followLinks: true });
  if (!read.ok) return err([read.error]);
  if (read.value === undefined)
    return err([{ code: "policy-unreadable", message: `there is no file \`${file}\``, hint: "check the path" }]);
  return ok([{ name: "command-line", file: resolve(file), ...read.value, trusted: true }]);
}
