// A flood of one kind becomes a few lines of the record with a count, so that nobody fills the record.

/** Of one kind these many are written one by one, then each time that their number has doubled. */
const SINGLY = 32;

/** Counts by kind. A kind is a word of ours, or a flood has as many kinds as lines. */
export class Flood {
  readonly #counts = new Map<string, number>();

  /** How many a line stands for now, or 0 when none is due. */
  due(kind: string): number {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= SINGLY) return 1;
    return Number.isInteger(Math.log2(count / SINGLY)) ? count / 2 : 0;
  }
}
