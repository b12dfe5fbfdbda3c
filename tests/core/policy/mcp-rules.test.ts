// Rules for MCP tools: names that may be divided in two ways, and conditions on arguments. One line a call in tests/cases/policy/mcp-rules.jsonl.
import { describe, expect, it } from "vitest";
import { decide, parseRule } from "#core/policy";
import { readCases } from "../../support/cases.ts";
import { type JudgeOptions, judgeBy } from "../../support/judge.ts";

interface Line {
  readonly rules?: JudgeOptions;
  readonly act?: readonly [server: string, tool: string, input: unknown];
  readonly apart?: true;
  readonly want?: string;
  readonly why?: string;
}

const lines = readCases<Line, Line>("policy/mcp-rules.jsonl").filter(({ act }) => act !== undefined);

describe("rules for MCP tools", () => {
  it.each(lines)("$rules for $act: $want", ({ rules, act, apart, want }) => {
    const [server, tool, input] = act ?? ["", "", {}];
    const known = apart === true ? { apart } : {};
    const { verdict } = decide(judgeBy(rules ?? {}), { kind: "mcp", server, tool, input, ...known });
    expect(verdict).toBe(want);
  });

  it("never throw, and look at hostile arguments no longer than it takes", () => {
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, "x"]));
    let deep: unknown = "acme/secret";
    for (let depth = 0; depth < 5_000; depth++) deep = { repo: deep };
    let lists: unknown = "acme/secret";
    for (let depth = 0; depth < 5_000; depth++) lists = [lists];
    const long = `${"a/../".repeat(400_000)}x`;
    const judge = judgeBy({ allow: ["mcp__g"], deny: ["mcp__g__t(repo=acme/secret)", "mcp__g__t(repo=*a*b*c*d*)"] });
    for (const repo of [wide, deep, lists, long, "%25".repeat(80_000), Array.from({ length: 50_000 }, () => "x")]) {
      const { verdict } = decide(judge, { kind: "mcp", server: "g", tool: "t", input: { repo } });
      expect(["ask", "allow"]).toContain(verdict);
    }
  });
});

describe("conditions that are not understood", () => {
  it.each([
    "mcp__s__t()",
    "mcp__s__t(=x)",
    "mcp__s__t(a)",
    "mcp__s__t(a=)",
    "mcp__s__t(a=1,)",
    "mcp__s__t(a=1",
    'mcp__s__t(a="x)',
    'mcp__s__t(a="x"y)',
    "mcp__s__t(a=1, b:2)",
    "mcp__s__t(a.b:2)",
    "mcp__s__t(a..b=2)",
    `mcp__s__t(${Array.from({ length: 17 }, (_, i) => `a${i}=1`).join(",")})`,
    "mcp__s__t x",
  ])("%s", (text) => {
    expect(parseRule(text).ok).toBe(false);
  });
});
