// Carries out a plan of file changes whole or not at all, and shows it.
import { createTwoFilesPatch } from "diff";
import { ok, type Problem, type Result } from "#core";
import { forTerminalLines } from "#core/text";
import { replaceSettingsFile } from "../settings-file.ts";
import { type FileChange, isIdle } from "./plan.ts";

/** Writes every change, or puts back what was written and says what went wrong. Returns the folders that were made. */
export function applyChanges(changes: readonly FileChange[]): Result<readonly string[], Problem> {
  const done: FileChange[] = [];
  const folders: string[] = [];
  for (const change of changes.filter((each) => !isIdle(each))) {
    const written = replaceSettingsFile(change.file, change.after);
    if (!written.ok) {
      for (const { file, after } of done.reverse()) replaceSettingsFile({ ...file, bytes: after }, file.bytes);
      return written;
    }
    done.push(change);
    folders.push(...written.value);
  }
  return ok(folders);
}

/** The changes as a patch, for a person. */
export function showChanges(changes: readonly FileChange[]): string {
  const shown = changes
    .filter((change) => !isIdle(change))
    .map(({ file, after }) => {
      const [old, now] = [file.bytes?.toString() ?? "", after?.toString() ?? ""];
      const names = [file.bytes === undefined ? "/dev/null" : file.path, after === undefined ? "/dev/null" : file.path];
      return createTwoFilesPatch(names[0] ?? "", names[1] ?? "", old, now, undefined, undefined, { context: 3 });
    });
  return shown.length === 0 ? "nothing would change\n" : forTerminalLines(shown.join(""));
}
