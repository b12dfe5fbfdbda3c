// The laws of the Rule of Two: total, silent up to two legs, never a leg lost, and the same legs in any order.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  approveLegs,
  causesOf,
  DEFAULT_LEG_POLICY,
  judgeLegs,
  LEG_SOURCES,
  type LegContext,
  type LegSource,
  NO_LEGS,
  type Observation,
  observationsOf,
  observe,
} from "#core/session";

const policy = DEFAULT_LEG_POLICY;
const rule = { ruleOfTwo: "ask" as const, legs: policy };
const context: LegContext = {
  root: "/w",
  home: "/home/me",
  workspace: "own",
  vanishing: [],
  contained: false,
  serviceHosts: [],
  policy,
};
const observation: fc.Arbitrary<Observation> = fc.record({
  source: fc.constantFrom(...(Object.keys(LEG_SOURCES) as LegSource[])),
  cause: fc.string({ maxLength: 300 }),
  origin: fc.constantFrom("observed", "claimed"),
});
const observations = fc.array(observation, { maxLength: 12 });
const fold = (all: readonly Observation[]): ReturnType<typeof observe> =>
  all.reduce((state, o) => observe(state, o, policy), NO_LEGS);

describe("the fold", () => {
  test("which legs are set does not depend on the order", () => {
    fc.assert(
      fc.property(observations, fc.func(fc.nat()), (all, rank) => {
        const other = all.map((o, i) => [rank(i), o] as const).sort((a, b) => a[0] - b[0]);
        const legs = (list: readonly Observation[]): readonly string[] => causesOf(fold(list)).map((c) => c.leg);
        expect(legs(other.map(([, o]) => o))).toEqual(legs(all));
      }),
    );
  });

  test("one more observation never unsets a leg, and none loses an observed cause to a claim", () => {
    fc.assert(
      fc.property(observations, observation, (all, one) => {
        const before = fold(all);
        const after = observe(before, one, policy);
        for (const cause of causesOf(before)) {
          expect(after[cause.leg]).toBeDefined();
          if (cause.origin === "observed") expect(after[cause.leg]).toBe(cause);
        }
        expect(observe(after, one, policy)).toEqual(after);
      }),
    );
  });
});

describe("the judgement", () => {
  test("silent exactly when at most two legs would be set, or nothing is, or a person approved", () => {
    fc.assert(
      fc.property(observations, observations, (all, would) => {
        const state = fold(all);
        const legs = causesOf(fold([...all, ...would])).length;
        const speaks = causesOf(fold(would)).length > 0;
        const verdict = judgeLegs(state, would, rule);
        expect(verdict.verdict === "silent").toBe(legs < 3 || !speaks);
        if (verdict.verdict !== "silent") expect(verdict.causes.map((c) => c.leg)).toEqual(["A", "B", "C"]);
        expect(judgeLegs(approveLegs(state), would, rule).verdict).toBe("silent");
        expect(judgeLegs(state, would, { ...rule, ruleOfTwo: "off" }).verdict).toBe("silent");
      }),
    );
  });

  test("a source that the policy does not list sets nothing; listing one more never makes an answer softer", () => {
    fc.assert(
      fc.property(
        observations,
        observations,
        fc.constantFrom(...(Object.keys(LEG_SOURCES) as LegSource[])),
        (all, would, source) => {
          const none = { ...policy, A: [], B: [], C: [] };
          expect(all.reduce((s, o) => observe(s, o, none), NO_LEGS)).toEqual({});
          const wider = { ...policy, C: [...policy.C, source] };
          const state = all.reduce((s, o) => observe(s, o, wider), NO_LEGS);
          if (judgeLegs(fold(all), would, rule).verdict === "ask")
            expect(judgeLegs(state, would, { ...rule, legs: wider }).verdict).toBe("ask");
        },
      ),
    );
  });
});

describe("observations", () => {
  test("total on any shell text, path, host and MCP input", () => {
    const words = fc.constantFrom(
      "curl",
      "git",
      "push",
      "gh",
      "-d",
      "--",
      "$X",
      "$(",
      ")",
      "|",
      ";",
      "~/.ssh/id_rsa",
      "://",
      "https://e.x/",
      "'",
      '"',
      "\n",
      "env",
      "ssh",
      "<",
      ">",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((w) => w.join(" ")),
        ),
        fc.string(),
        fc.anything(),
        (text, name, input) => {
          for (const action of [
            { kind: "exec", command: text, cwd: "/w" },
            { kind: "read", path: text },
            { kind: "write", path: `/${text}` },
            { kind: "fetch", host: text, port: 443 },
            { kind: "mcp", server: name, tool: text, input },
          ] as const)
            for (const o of observationsOf(action, context, "claimed"))
              expect(Object.keys(LEG_SOURCES)).toContain(o.source);
        },
      ),
      { numRuns: 400 },
    );
  });
});
