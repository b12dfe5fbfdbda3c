// Kata Containers: a name of the policy, looked for, and refused with the reason. Kata's virtual machines take no descriptors from outside, and the fence
// speaks with its supervisor over one; so a session in it would have neither terminal nor record, and this version rather starts none.
import { err } from "#core";
import type { RuntimeFacts } from "#core/sandbox";
import { isExecutable } from "../trial.ts";
import type { SandboxRuntime } from "./runtime.ts";

const PLACES = ["/usr/bin/kata-runtime", "/usr/local/bin/kata-runtime", "/opt/kata/bin/kata-runtime"];

const FACTS: RuntimeFacts = {
  name: "kata",
  isolation: "microvm",
  lacks: {},
  mend: "use `--runtime gvisor` or `--runtime container`, or wait for the version that has it",
};

/** The `kata` runtime. */
export const kataRuntime: SandboxRuntime = {
  facts: FACTS,
  reliesOn: PLACES,
  probe: async () => ({ available: false, complete: false, ...why() }),
  start: async () =>
    err({ code: "runtime-missing", message: `\`runtime: kata\` cannot be had: ${why().reason}`, hint: FACTS.mend }),
};

function why(): { readonly reason: string; readonly evidence: string } {
  const found = PLACES.find(isExecutable);
  return found === undefined
    ? { reason: "Kata Containers is not installed", evidence: `not in ${PLACES.join(", ")}` }
    : { reason: "a Kata virtual machine takes no descriptors of the supervisor", evidence: `found ${found}` };
}
