// What filters of bodies answer, put together: at once where each answers at once, so that a short body costs no turn of the event loop, and in order
// where one takes its time.

/** A filter's no. It becomes a 403, or a broken connection where an answer or the body has begun, and a record either way. */
export interface FilterRefusal {
  /** One stable word. */
  readonly reason: string;
  /** What to type. */
  readonly hint: string;
  /** The rule's text and place, where one speaks. */
  readonly rule?: string;
  /** For the record: what was asked for, without anything that could be a secret. */
  readonly asked?: string;
}

/** Pieces to send on, or a no. */
export type Made = readonly Buffer[] | FilterRefusal;

/** A filter may take its time; nothing behind it passes before it has answered. */
export type Making = Made | Promise<Made>;

/** Goes on with what is made, now or later. */
export function whenMade<T>(making: Making, next: (made: Made) => T | Promise<T>): T | Promise<T> {
  return making instanceof Promise ? making.then(next) : next(making);
}

/** Asks one after the other, each when the one before has answered. A no is the answer for all, and nobody else is asked. */
export function inOrder(asks: readonly (() => Making)[]): Making {
  const all: Buffer[] = [];
  for (const [at, ask] of asks.entries()) {
    const making = ask();
    if (making instanceof Promise) return later(all, making, asks.slice(at + 1));
    if ("reason" in making) return making;
    all.push(...making);
  }
  return all;
}

async function later(all: Buffer[], first: Promise<Made>, rest: readonly (() => Making)[]): Promise<Made> {
  let made = await first;
  for (const ask of [...rest, undefined]) {
    if ("reason" in made) return made;
    all.push(...made);
    if (ask !== undefined) made = await ask();
  }
  return all;
}
