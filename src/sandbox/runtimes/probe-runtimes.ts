// What `doctor` says of the runtimes: each is acted out anew, whatever an earlier run remembers. `process` is the whole fence, which it tries anyway.
import { lackingFeatures } from "#core/sandbox";
import type { Probe } from "../probe.ts";
import { RUNTIMES } from "./all.ts";
import type { ProbePlaces, SandboxRuntime } from "./runtime.ts";

/** One line a runtime, in the order of their strength. */
export async function probeRuntimes(places: ProbePlaces): Promise<readonly Probe[]> {
  const probes: Probe[] = [];
  // One after the other: two at once would be slow enough for a limit of time to look like a fault.
  for (const runtime of RUNTIMES) {
    if (runtime.facts.name !== "process") probes.push(await probeRuntime(runtime, places));
  }
  return probes;
}

async function probeRuntime({ facts, probe }: SandboxRuntime, places: ProbePlaces): Promise<Probe> {
  const { available, reason, evidence } = await probe(places);
  const without = lackingFeatures(facts).map(({ feature }) => feature);
  const words = without.length === 0 ? facts.isolation : `${facts.isolation}; without: ${without.join(", ")}`;
  return {
    name: `runtime: ${facts.name}`,
    available,
    reason: available ? `${reason} (${words})` : reason,
    evidence,
    mend: facts.mend,
  };
}
