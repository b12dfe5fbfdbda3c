// Protected names: the table, and what a file system may take for one of them.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldName, guardPlan, leadsToProtected, protection } from "#core/paths";

interface Case {
  readonly path: string;
  readonly want: "held" | "listed" | "free";
  readonly why: string;
}

const table = readFileSync(new URL("../../cases/protected/names.jsonl", import.meta.url), "utf8");
const cases: readonly Case[] = table
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

describe("protected paths", () => {
  it.each(cases)("$want: $path ($why)", ({ path, want }) => {
    const found = protection(path);
    expect(found === undefined ? "free" : found.inDependencies ? "listed" : "held").toBe(want);
  });

  it("are so in any case, at any depth, and everything below them", () => {
    const names = guardPlan().names.map((name) => name.replaceAll("*", "x"));
    const part = fc.stringMatching(/^[a-z]{1,8}$/).filter((text) => !guardPlan().exceptBelow.includes(text));
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(part),
        fc.array(part),
        fc.boolean(),
        (name, above, below, loud) => {
          const path = [...above, loud ? name.toUpperCase() : name, ...below].join("/");
          expect(protection(path)?.inDependencies).toBe(false);
        },
      ),
    );
  });

  it("fold twice as once", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => foldName(foldName(text)) === foldName(text)));
  });

  it("know the folders that a link would bring them through", () => {
    expect(leadsToProtected(".github")).toBe(".github/workflows");
    expect(leadsToProtected("a/.GIT")).toBe(".git/hooks");
    expect(leadsToProtected("src")).toBeUndefined();
  });
});
