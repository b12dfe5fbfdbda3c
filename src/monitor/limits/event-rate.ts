// A flood of records: whoever makes events faster than anybody can read them is ended before the record is nothing else. A bucket that holds ten
// seconds' worth, so that a build's burst passes.
import type { Append } from "#core/log";

const SECONDS = 10;

/** The same `append`, counted; `onHit` is called once, with the rate that was seen. */
export function limitRate(
  append: Append,
  options: { readonly perSecond: number; readonly onHit: (perSecond: number) => void; readonly now?: () => number },
): Append {
  const now = options.now ?? (() => performance.now());
  const room = options.perSecond * SECONDS;
  let left = room;
  let at = now();
  let over = false;
  return (body) => {
    const then = at;
    at = now();
    left = Math.min(room, left + ((at - then) / 1000) * options.perSecond) - 1;
    if (left < 0 && !over) {
      over = true;
      options.onHit(options.perSecond);
    }
    return append(body);
  };
}
