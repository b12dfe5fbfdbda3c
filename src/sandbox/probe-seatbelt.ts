// macOS has no runtime in this version: its profile is generated (core/sandbox/seatbelt.ts) and nothing runs in it. `doctor` says so with the figures.
import { type SandboxPlan, seatbeltProfile } from "#core/sandbox";
import type { Probe } from "./probe.ts";
import { trialPlan } from "./probe-fence.ts";

/** Generates the profile of a trial plan. Never available: generated is not run. */
export function probeSeatbelt(): Probe {
  const name = "seatbelt";
  const plan: SandboxPlan = {
    ...trialPlan("/private/tmp/trial"),
    mounts: [],
    workspace: { kind: "read-only", root: "/private/tmp/trial" },
  };
  const made = seatbeltProfile(plan, { proxyPort: 3128 });
  if (!made.ok) return { name, available: false, reason: made.error.message, evidence: made.error.message };
  const rules = made.value.split("\n").filter((line) => line.startsWith("(")).length;
  return {
    name,
    available: false,
    reason: "a profile for macOS is generated; not run here",
    evidence: `${rules} rules for a trial plan; this is ${process.platform}`,
  };
}
