// Long work in turns: the supervisor serves everybody from one thread, so nobody's body may hold it for longer than a moment.

/** Work that stops where it can be interrupted, and says at the end what it found. */
export type Steps<T> = Generator<void, T>;

interface Waiting {
  /** Does one turn of it. True when it is over. */
  turn(until: number): boolean;
}

/** So long may all searches together hold the event loop in one round. */
const TURN_MS = 6;

/** The turns of one proxy. */
export class Turns {
  private readonly waiting: Waiting[] = [];
  /** When this round's time is used up; none has begun where it is absent. */
  private until: number | undefined;

  /** The answer: at once where it takes no longer than this round has left, else by and by, one turn a round, in a row with the others. */
  run<T>(steps: Steps<T>): T | Promise<T> {
    const until = this.until ?? this.begin();
    const done = advanced(steps, until);
    if (done !== undefined) return done.value;
    return new Promise((resolve, reject) => {
      this.waiting.push({
        turn: (to) => {
          try {
            const over = advanced(steps, to);
            if (over !== undefined) resolve(over.value);
            return over !== undefined;
          } catch (error) {
            reject(error as Error);
            return true;
          }
        },
      });
    });
  }

  private begin(): number {
    this.until = performance.now() + TURN_MS;
    setImmediate(() => this.next());
    return this.until;
  }

  private next(): void {
    this.until = undefined;
    const first = this.waiting.shift();
    if (first === undefined) return;
    if (!first.turn(this.begin())) this.waiting.push(first);
  }
}

/** As far as the time goes; at least one step. */
function advanced<T>(steps: Steps<T>, until: number): { readonly value: T } | undefined {
  do {
    const { done, value } = steps.next();
    if (done === true) return { value };
  } while (performance.now() < until);
  return undefined;
}
