import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { loadPolicy, parsePolicyDocument } from "#core/policy";

interface Case {
  readonly name: string;
  readonly text: string;
  readonly want: readonly (readonly [string, number, number, string | null])[];
}

const cases = readFileSync(new URL("../../cases/policy/bad.jsonl", import.meta.url), "utf8")
  .split("\n")
  .filter(Boolean)
  .map((line): Case => JSON.parse(line));

describe("a broken policy file", () => {
  for (const { name, text, want } of cases) {
    it(name, () => {
      const result = loadPolicy([{ name: "user", file: "p.yaml", text, digest: "0", trusted: true }]);
      if (result.ok) throw new Error("it loaded");
      expect(result.error.map((p) => [p.code, p.at?.line, p.at?.column, p.hint ?? null])).toEqual(want);
      expect(result.error.every((p) => p.at?.file === "p.yaml" && /^[^A-Z].*[^.]$/su.test(p.message))).toBe(true);
    });
  }

  it.each([
    ["brackets", "[".repeat(100_000)],
    ["maps", "{a: ".repeat(60_000)],
    ["dashes", "- ".repeat(100_000)],
    ["deep indentation", Array.from({ length: 700 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    ["a bomb of aliases", `a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [${"*c,".repeat(1000)}]`],
    ["many keys", Array.from({ length: 30_000 }, (_, i) => `k${i}: 1`).join("\n")],
    ["a megabyte", `# ${"x".repeat(1_000_000)}`],
  ])("is refused quickly: %s", (_, text) => {
    expect(parsePolicyDocument("p.yaml", text).ok).toBe(false);
  });
});

describe("a stranger's policy file", () => {
  it("with thousands of keys takes no longer than its text, and is told in few lines", () => {
    const keys = Array.from({ length: 15_000 }, (_, i) => `k${i}: x`);
    const unknown = loadPolicy([
      { name: "project", file: "p.yaml", text: keys.join("\n"), digest: "", trusted: false },
    ]);
    expect(unknown.ok ? 0 : unknown.error.length).toBe(50);
    const set = `env: { set: { ${keys.join(", ")} } }`;
    const dropped = loadPolicy([{ name: "project", file: "p.yaml", text: set, digest: "", trusted: false }]);
    expect(dropped.ok && dropped.value.dropped.length).toBe(15_000);
  });
});
