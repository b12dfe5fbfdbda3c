// The past of a session in a `direct` workspace: opened before it starts, sealed when it is over, gone when it changed nothing.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { forTerminal } from "#core/text";
import { sealDirectPast } from "#sandbox";
import { type PastMeta, pastFolder, writePastMeta } from "./past-folder.ts";

/** Makes the folder that the guard keeps into. Throws when the state folder cannot be written. */
export function openDirectPast(stateDir: string, meta: PastMeta): void {
  if (meta.kind === "direct") writePastMeta(stateDir, meta);
}

/**
 * Puts down how the session left the workspace. `unseen`: long after a supervisor that was killed, so somebody else may have worked since. Answers
 * what a person must know: paths that cannot be given back.
 */
export function sealPast(stateDir: string, meta: PastMeta, how: { readonly unseen: boolean }): readonly string[] {
  if (meta.kind !== "direct") return [];
  const past = pastFolder(stateDir, meta.id);
  let uncovered: readonly string[];
  try {
    uncovered = sealDirectPast({ root: meta.workspace, past, ...how });
  } catch (error) {
    return [`what this session changed cannot be undone yet: ${(error as Error).message}`];
  }
  if (existsSync(past) && !existsSync(join(past, "records.jsonl"))) rmSync(past, { recursive: true, force: true });
  const [first] = uncovered;
  if (first === undefined) return [];
  const more = uncovered.length > 1 ? ` and ${uncovered.length - 1} more` : "";
  return [
    `undo does not cover \`${forTerminal(first, { max: 200 })}\`${more}: over \`sandbox.undo.size\`, or not readable`,
  ];
}
