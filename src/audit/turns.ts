// Work in turns: whatever came while one turn was under way is the next one's, and the first waits for what is coming in at the same moment. One turn at
// a time, and none without work.
import { setImmediate as comeIn } from "node:timers/promises";

/** What the turns are about. */
export interface Work<T> {
  /** Something that has to be done before the next items are taken, if there is. */
  readonly before: () => (() => Promise<void>) | undefined;
  /** How many items the next turn may take. */
  readonly most: () => number;
  /** One turn. Never rejects. */
  readonly take: (items: readonly T[]) => Promise<void>;
}

/** A queue that is worked off in turns. */
export interface Turns<T> {
  push(item: T): void;
  /** Has a look whether something is to be done. */
  wake(): void;
  /** Resolves when nothing is waiting. */
  idle(): Promise<void>;
}

/** Opens an empty queue. */
export function openTurns<T>(work: Work<T>): Turns<T> {
  let queue: T[] = [];
  let running: Promise<void> | undefined;
  let isAwake = false;
  const run = async (): Promise<void> => {
    await comeIn();
    // Seeing an empty queue and standing still are one step: what is queued in between would wait for ever.
    for (;;) {
      const first = work.before();
      if (first !== undefined) await first();
      else if (queue.length === 0) break;
      else {
        const most = work.most();
        const items = queue.slice(0, most);
        queue = queue.slice(most);
        await work.take(items);
      }
    }
    isAwake = false;
  };
  const wake = (): void => {
    if (isAwake) return;
    isAwake = true;
    running = run();
  };
  return {
    push(item: T): void {
      queue.push(item);
      wake();
    },
    wake,
    async idle(): Promise<void> {
      await running;
    },
  };
}
