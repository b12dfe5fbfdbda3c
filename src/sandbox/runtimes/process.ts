// Namespaces, seccomp and Landlock around the agent, under the host's own kernel: what every session had before there was a choice.
import type { RuntimeFacts } from "#core/sandbox";
import { launch } from "../launch.ts";
import { probeFence } from "../probe-fence.ts";
import { BWRAP_PLACES } from "../trial.ts";
import type { SandboxRuntime } from "./runtime.ts";

const FACTS: RuntimeFacts = {
  name: "process",
  isolation: "process",
  lacks: {},
  mend: "sudo apt-get install -y bubblewrap",
};

/** The `process` runtime. */
export const processRuntime: SandboxRuntime = {
  facts: FACTS,
  reliesOn: BWRAP_PLACES,
  async probe(places) {
    const { available, reason, evidence } = await probeFence(places);
    return { available, complete: available, reason, evidence };
  },
  start: launch,
};
