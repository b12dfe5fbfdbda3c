// Reading a log for people: record by record, in order, without judging it. A line that is no record is handed on as damage,
// never skipped: what a reader does not see must not be what an attacker hid.
import { type PlacedLine, type ReadPlace, searchLog } from "./search.ts";

export type { ReadLine, ReadPlace } from "./search.ts";

/** Every whole line behind `from`, and after each the place behind it. Throws `Unreadable`. */
export function readLog(dir: string, from?: ReadPlace): Generator<PlacedLine> {
  return searchLog(dir, {}, from);
}
