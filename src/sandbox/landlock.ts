// Whether this kernel has Landlock, asked of the kernel by the helper, which is who uses it (native/landlock.h).
import type { Probe } from "./probe.ts";
import { run } from "./trial.ts";

/** The version of the kernel's interface; 0 when there is none that the helper can use. */
export function landlockVersion(helper: string): number {
  const trial = run(helper, ["landlock"]);
  return trial.worked ? Number(trial.output) || 0 : 0;
}

/** Why a fence has no second layer here. */
export const NO_LANDLOCK = "this kernel has no Landlock (5.19 and later have it, where it is switched on)";

/** The second layer. That it refuses is tried in the whole fence. */
export function probeLandlock(helper: string): Probe {
  const version = landlockVersion(helper);
  return {
    name: "landlock",
    available: version > 0,
    reason: version > 0 ? `version ${version}: bounds every command once more behind the mounts` : NO_LANDLOCK,
    evidence: `${helper} landlock: ${version}`,
  };
}
