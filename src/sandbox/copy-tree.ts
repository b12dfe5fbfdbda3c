// A tree once more, whatever is in it (native/copy.h): for snapshots. Nothing of it runs.
import { execFile } from "node:child_process";
import { err, ok, type Problem, type Result } from "#core";

/** A finished copy: both sides had this digest when it was done. */
export interface CopiedTree {
  readonly digest: string;
  readonly bytes: number;
  readonly files: number;
}

/** Copies `from` to `to`, which must not be there; at most so many bytes on disk. What is left of a failed copy is the caller's to remove. */
export function copyTree(
  helper: string,
  places: { readonly from: string; readonly to: string },
  mostBytes: number,
): Promise<Result<CopiedTree, Problem>> {
  return new Promise((settle) => {
    execFile(helper, ["copy", places.from, places.to, String(mostBytes)], { env: {} }, (error, stdout, stderr) => {
      const [, digest, bytes, files] = /^([0-9a-f]{64}) (\d+) (\d+)\n$/.exec(stdout) ?? [];
      if (digest !== undefined) return settle(ok({ digest, bytes: Number(bytes), files: Number(files) }));
      const why = stderr.replace(/^ringfence-helper: /, "").trim() || (error?.message ?? "it ended without a word");
      settle(err({ code: "copy-failed", message: `the tree cannot be copied: ${why}` }));
    });
  });
}
