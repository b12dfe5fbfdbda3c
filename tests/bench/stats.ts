// Medians and quantiles of interleaved measurements: on a shared machine only these and ratios mean anything.

/** The value below which `q` (0 to 1) of the samples lie; `NaN` of none. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** The middle sample. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Runs every case once a round, in turn, so that drift of the machine hits all alike. Answers milliseconds by name. */
export async function interleave(
  rounds: number,
  cases: Readonly<Record<string, () => Promise<void> | void>>,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const samples: Record<string, number[]> = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(cases)) {
      const start = performance.now();
      await run();
      if (round >= 0) samples[name]?.push(performance.now() - start); // the first round warms up
    }
  }
  return samples;
}
