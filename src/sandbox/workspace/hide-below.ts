// A folder of a session's layer that stands alone: the workspace's own of that name is not seen through it (native/opaque.h).
import { execFile } from "node:child_process";
import type { Problem } from "#core";

/** Marks it. A Problem when it cannot be. */
export function hideBelow(helper: string, folder: string): Promise<Problem | undefined> {
  return new Promise((settle) => {
    execFile(helper, ["opaque", folder], { env: {} }, (error, _, stderr) => {
      const why = stderr.replace(/^ringfence-helper: /, "").trim() || error?.message;
      settle(error === null ? undefined : { code: "layer-mark", message: `the folder cannot be marked: ${why}` });
    });
  });
}
