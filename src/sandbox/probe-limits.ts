// The limits of memory and processes, hit on purpose in a fence as small as can be: a hog and a crowd, both bounded from outside as well.
import { openCgroup } from "./cgroup.ts";
import { type TrialPlaces, tryInFence } from "./fence-trial.ts";
import type { Probe } from "./probe.ts";

const MEMORY = 64 * 2 ** 20;
const PIDS = 24;

// Bounded whatever the limit does: 400 MB of address space, 60 processes that end by themselves.
const HOG = "ulimit -v 400000; head -c 300000000 /dev/zero | tail -c 300000000 >/dev/null";
const CROWD = "i=0; while [ $i -lt 60 ]; do sleep 2 & i=$((i+1)); done; wait";

/** Both limits as a run has them here: by a cgroup, else by the helper. */
export async function probeLimits(places: TrialPlaces): Promise<readonly Probe[]> {
  return [
    await hit(places, "memory hog", HOG, "more memory than allowed ends the fence"),
    await hit(places, "process crowd", CROWD, "more processes than allowed cannot be started"),
  ];
}

async function hit(places: TrialPlaces, name: string, script: string, says: string): Promise<Probe> {
  const opened = openCgroup("doctor", { memoryBytes: MEMORY, pids: PIDS, cpus: 0 });
  const cgroup = "reason" in opened ? undefined : opened;
  try {
    const limits = {
      ...{ pids: PIDS, fileSizeBytes: 0, openFiles: 1024, processors: 0 },
      watchMemoryBytes: cgroup?.holds.memory === true ? 0 : MEMORY,
    };
    const end = await tryInFence(
      places,
      (small) => ({ ...small, limits, argv: ["/bin/sh", "-c", script] }),
      cgroup?.procs ?? [],
    );
    if (!end.ok) return { name, available: false, reason: end.error.message, evidence: end.error.message };
    const { exit, output } = end.value;
    const hits = cgroup?.hits() ?? { memory: false, pids: false };
    const byCgroup = hits.memory || hits.pids;
    const by = byCgroup
      ? "a cgroup"
      : exit.limit === undefined
        ? "the kernel's limit for a user"
        : "the helper's watch";
    const stopped = byCgroup || exit.limit !== undefined || /fork|Resource temporarily unavailable/i.test(output);
    const evidence = `${script}: exit ${exit.code}, by ${by}; ${output.trim().split("\n")[0] ?? ""}`;
    if (stopped) return { name, available: true, reason: `${says} (by ${by})`, evidence };
    return { name, available: false, reason: "nothing stopped it", evidence };
  } finally {
    cgroup?.close();
  }
}
