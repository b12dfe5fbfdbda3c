// Two readers of one body: what the first lets through, the second sees.
import type { Body, Refused } from "./exchange.ts";

type Passed = readonly Buffer[] | Refused;

/** The two as one. */
export function inTurn(first: Body, second: Body): Body {
  const through = (from: Passed): Passed =>
    isRefused(from) ? from : joined(...from.map((piece) => second.take(piece)));
  const ended = (rest: Passed, last: () => Passed): Passed => {
    const passed = through(rest);
    return isRefused(passed) ? passed : joined(passed, last());
  };
  return {
    keepsLength: first.keepsLength && second.keepsLength,
    take: (piece) => through(first.take(piece)),
    end: () => ended(first.end(), () => second.end()),
    flush: () => ended(first.flush?.() ?? [], () => second.flush?.() ?? []),
  };
}

function joined(...parts: readonly Passed[]): Passed {
  return parts.find(isRefused) ?? parts.flatMap((part) => (isRefused(part) ? [] : part));
}

function isRefused(made: Passed): made is Refused {
  return "reason" in made;
}
