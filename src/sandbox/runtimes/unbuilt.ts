// Runtimes that have a name in the policy and that this version does not start: a session that names one is refused, and `auto` never gets one.
import { err } from "#core";
import type { Isolation, RuntimeName } from "#core/sandbox";
import type { SandboxRuntime } from "./runtime.ts";

/** A runtime that stands for a refusal. */
export function unbuiltRuntime(name: RuntimeName, isolation: Isolation, reason: string): SandboxRuntime {
  const mend = "use `--runtime gvisor` or `--runtime container`, or wait for the version that has it";
  return {
    facts: { name, isolation, lacks: {}, mend },
    reliesOn: [],
    probe: async () => ({ available: false, complete: false, reason, evidence: reason }),
    start: async () => err({ code: "runtime-missing", message: `\`runtime: ${name}\`: ${reason}`, hint: mend }),
  };
}
