// The door in front of a writer: what must never stand in a log is taken out of each record before it is framed (AUD-4), whoever hands it in. Records keep
// the order in which they came; a long one is looked through by and by, and those behind it wait.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Append, RecordBody, Redact } from "#core/log";

/** So long one look may hold up everything else. */
const TURN_MS = 8;

/** An `Append` that hands on what `redact` left of each record. What cannot be looked through is not recorded: the promise rejects. */
export function behindDoor(append: Append, redact: Redact | undefined): Append {
  if (redact === undefined) return append;
  let last: Promise<void> | undefined;
  return async (body) => {
    if (last !== undefined) return await queued(last.then(() => looked(redact, body)));
    const work = redact(body);
    const first = until(work, performance.now() + TURN_MS);
    return await (first === undefined ? queued(rest(work)) : append(first));
  };

  async function queued(ready: Promise<RecordBody>): Promise<number> {
    // Handed to the writer in the same turn in which it is ready: nothing overtakes it.
    const handed = ready.then((body) => ({ written: append(body) }));
    const mine = handed.then(
      () => undefined,
      () => undefined,
    );
    last = mine;
    void mine.then(() => {
      if (last === mine) last = undefined;
    });
    return await (await handed).written;
  }
}

/** What is left of one record. */
export async function looked(redact: Redact | undefined, body: RecordBody): Promise<RecordBody> {
  return redact === undefined ? body : await rest(redact(body));
}

/** What came of it by then. */
function until(work: Generator<void, RecordBody>, end: number): RecordBody | undefined {
  do {
    const { done, value } = work.next();
    if (done === true) return value;
  } while (performance.now() < end);
  return undefined;
}

async function rest(work: Generator<void, RecordBody>): Promise<RecordBody> {
  for (;;) {
    const done = until(work, performance.now() + TURN_MS);
    if (done !== undefined) return done;
    await nextTurn();
  }
}
