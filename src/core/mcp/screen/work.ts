// Work in pieces. Screening is pure and a long text takes seconds: whoever does it lays it down between two pieces to serve others, or for good when it has
// cost too much. A piece is a sentence or a search through one page, well below a millisecond.

/** Work that says after each piece that it can wait. */
export type Work<T> = Generator<undefined, T, undefined>;

/** All of it at once. */
export function atOnce<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
