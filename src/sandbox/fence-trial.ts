// A fence for one trial: the small plan of `probe-fence.ts` with something else to run, in a folder of its own below the state folder.
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { SandboxPlan } from "#core/sandbox";
import type { FenceExit } from "./fence.ts";
import { launch } from "./launch.ts";
import { trialPlan } from "./probe-fence.ts";
import { findBubblewrap, makeTrialFolder, removeTrialFolder } from "./trial.ts";

/** Where a trial may work. */
export interface TrialPlaces {
  readonly stateDir: string;
  readonly helper: string;
}

/** What it left. */
export interface TrialEnd {
  readonly exit: FenceExit;
  readonly output: string;
}

/** Carries out what `plan` makes of the small plan and its folder. Nothing stays behind. */
export async function tryInFence(
  places: TrialPlaces,
  plan: (small: SandboxPlan, folder: string) => SandboxPlan,
  cgroups: readonly string[] = [],
): Promise<Result<TrialEnd, Problem>> {
  const bwrap = findBubblewrap();
  if (bwrap === undefined) return err({ code: "bubblewrap-missing", message: "bubblewrap is not installed" });
  const folder = makeTrialFolder(places.stateDir);
  if (folder === undefined) return err({ code: "trial-folder", message: `\`${places.stateDir}\` cannot be written` });
  const open: number[] = [];
  try {
    for (const part of ["workspace", "upper", "work", "mask", "more"]) mkdirSync(join(folder, part));
    const said = join(folder, "said");
    open.push(openSync("/dev/null", "r"), openSync(said, "w"));
    const [stdin = -1, output = -1] = open;
    const stdio = { stdin, stdout: output, stderr: output };
    const fence = await launch(plan(trialPlan(folder), folder), { helper: places.helper, bwrap, stdio, cgroups });
    if (!fence.ok) return fence;
    return ok({ exit: await fence.value.exited, output: readFileSync(said, "utf8") });
  } finally {
    for (const descriptor of open) closeSync(descriptor);
    removeTrialFolder(folder);
  }
}
