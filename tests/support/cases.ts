// A table of tests/cases: JSON lines, of which the first says what holds for all the others.
import { readFileSync } from "node:fs";

/** Reads one table; its lines are trusted to have the shape that the test names. */
export function readCases<Head, Line>(name: string): readonly [Head, ...Line[]] {
  const text = readFileSync(new URL(`../cases/${name}`, import.meta.url), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line)) as [Head, ...Line[]];
}
