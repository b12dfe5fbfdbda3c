// The laws of rules with conditions on arguments: a deny never loosens, what an allow proves a limit sees, nothing throws, order does not matter.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, parseRule } from "#core/policy";
import { type JudgeOptions, judgeBy } from "../support/judge.ts";

const scalar = fc.oneof(
  fc.constantFrom(
    "a",
    "A",
    "b",
    "a/b",
    "/x/y",
    "/x/../y",
    "a%2fb",
    " a",
    "true",
    "5",
    "",
    "file:///x/y",
    "ａ",
    "a\u200b",
  ),
  fc.constantFrom<unknown>(true, false, null, 0, 1, 5, 5.5, 2 ** 53),
);
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("node"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("k", "K", "k_1", "k1", "n", "n.k", "__proto__"), tie("node"), { maxKeys: 3 }),
  ),
})).node;
const input = fc.oneof(
  { weight: 6, arbitrary: fc.dictionary(fc.constantFrom("k", "K", "n", "k1", "n.k"), value, { maxKeys: 4 }) },
  { weight: 1, arbitrary: value },
);
const condition = fc
  .tuple(
    fc.constantFrom("k", "n.k", "k.*", "*", "k1", "n.*.k"),
    fc.constantFrom("a", "a*", "*", "/x/*", "a/b", "true", "5", '"5"', "null", '""', "*b", "/x/y"),
  )
  .map(([path, is]) => `${path}=${is}`);
const name = fc.constantFrom(
  "mcp__s__t",
  "mcp__s",
  "mcp__s__*",
  "mcp__s__t*",
  "mcp__S__t",
  "mcp__s__t__u",
  "mcp__s__t__*",
  "mcp__*",
);
const rule = fc
  .tuple(name, fc.array(condition, { maxLength: 2 }))
  .map(([tool, when]) => (when.length === 0 ? tool : `${tool}(${when.join(", ")})`));
const act = fc
  .tuple(fc.constantFrom("s", "S", "s__t", "other"), fc.constantFrom("t", "t__u", "u"), input, fc.boolean())
  .map(([server, tool, given, apart]) => ({
    ...{ kind: "mcp" as const, server, tool, input: given },
    ...(apart ? { apart: true as const } : {}),
  }));
const rules = fc.record({
  allow: fc.array(rule, { maxLength: 3 }),
  ask: fc.array(rule, { maxLength: 2 }),
  deny: fc.array(rule, { maxLength: 2 }),
});

const SEVERITY = { allow: 0, ask: 1, deny: 2 } as const;
const severity = (options: JudgeOptions, action: Parameters<typeof decide>[1]): number =>
  SEVERITY[decide(judgeBy(options), action).verdict];

describe("rules with conditions", () => {
  it("of which one denies or asks more never let more pass", () => {
    fc.assert(
      fc.property(rules, rule, act, (given, more, action) => {
        const before = severity(given, action);
        expect(severity({ ...given, deny: [...given.deny, more] }, action)).toBeGreaterThanOrEqual(before);
        expect(severity({ ...given, ask: [...given.ask, more] }, action)).toBeGreaterThanOrEqual(before);
        expect(severity({ ...given, deny: [more, ...given.deny] }, action)).toBeGreaterThanOrEqual(before);
      }),
      { numRuns: 2_000 },
    );
  });

  it("limit all that they would allow", () => {
    fc.assert(
      fc.property(rule, act, (text, action) => {
        if (severity({ allow: [text] }, action) !== 0) return;
        expect(decide(judgeBy({ allow: [text], deny: [text] }), action).verdict).toBe("deny");
        expect(decide(judgeBy({ allow: [text], ask: [text] }), action).verdict).toBe("ask");
      }),
      { numRuns: 4_000 },
    );
  });

  it("say the same in any order and every time, each with its rule", () => {
    fc.assert(
      fc.property(rules, act, ({ allow, ask, deny }, action) => {
        const turned = { allow: [...allow].reverse(), ask: [...ask].reverse(), deny: [...deny].reverse() };
        const first = decide(judgeBy({ allow, ask, deny }), action);
        expect(decide(judgeBy(turned), action).verdict).toBe(first.verdict);
        expect(decide(judgeBy({ allow, ask, deny }), action)).toEqual(first);
        for (const { code, rule: text, at } of first.reasons)
          if (code === "rule-matched" || code === "rule-not-excluded") expect([text, at]).not.toContain(undefined);
        expect(first.commands).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("are read or refused, whatever stands there", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        for (const whole of [`mcp__s__t(${text})`, `mcp__${text}`]) expect(typeof parseRule(whole).ok).toBe("boolean");
      }),
      { numRuns: 3_000 },
    );
  });
});
