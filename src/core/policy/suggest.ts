// "did you mean": the nearest known word, when there is a near one.

/** Edit distance of two short words (insert, delete, replace, swap of neighbours count one each). */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? (i < 0 ? j : i);
  for (let j = 0; j <= b.length; j++) (rows[0] as number[])[j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, cell(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = best;
    }
  }
  return cell(a.length, b.length);
}

/** The known word nearest to `word`, or `undefined` when none is close enough to be a slip of the fingers. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const lower = word.toLowerCase();
  let best: { word: string; far: number } | undefined;
  for (const candidate of known) {
    const far = distance(lower, candidate.toLowerCase());
    if (best === undefined || far < best.far) best = { word: candidate, far };
  }
  return best !== undefined && best.far <= Math.max(1, Math.floor(word.length / 3)) ? best.word : undefined;
}

/** The hint of a word that is not among the known ones: the nearest of them, or all of them after `otherwise`. */
export function meant(word: string, known: readonly string[], otherwise: string): string {
  const near = nearest(word, known);
  return near === undefined ? `${otherwise}: ${known.join(", ")}` : `did you mean \`${near}\`?`;
}
