// Answers that stand: bound to one digest, used up, expired, forgotten. And the budget and the count of questions.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Answer, Question } from "#core";
import { compileRules, type Judge } from "#core/policy";
import {
  addGrant,
  countPrompt,
  fullBucket,
  type Grant,
  type Grants,
  NO_PROMPTS,
  offeredRule,
  promptLines,
  ruleEffect,
  takeGrant,
  takePrompt,
} from "#core/session";

const once: Grant = { digest: "d1", verdict: "allow", scope: "once", question: "q", by: "command", expiresAt: 100 };

describe("grants", () => {
  it("one for once passes its own digest once, within its time", () => {
    const grants = addGrant([], once);
    expect(takeGrant(grants, "d2", 50).grant).toBeUndefined();
    expect(takeGrant(grants, "d1", 100).grant).toBeUndefined();
    const first = takeGrant(grants, "d1", 99);
    expect(first.grant).toEqual(once);
    expect(takeGrant(first.left, "d1", 99).grant).toBeUndefined();
  });

  it("one for the session and a refusal stay", () => {
    for (const grant of [
      { ...once, scope: "session" as const },
      { ...once, verdict: "deny" as const },
    ]) {
      const { left } = takeGrant([grant], "d1", 1);
      expect(takeGrant(left, "d1", 2).grant).toEqual(grant);
    }
  });

  it("the newest word about a digest is the only one", () => {
    const refused = { ...once, verdict: "deny" as const };
    expect(addGrant(addGrant([], once), refused)).toEqual([refused]);
  });

  it("however they are mixed, no digest passes more often than it was granted", () => {
    const step = fc.oneof(
      fc.record({ add: fc.constantFrom("a", "b", "c") }),
      fc.record({ take: fc.constantFrom("a", "b", "c") }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let grants: Grants = [];
        const balance: Record<string, number> = { a: 0, b: 0, c: 0 };
        for (const each of steps) {
          if ("add" in each) {
            grants = addGrant(grants, { ...once, digest: each.add });
            balance[each.add] = 1;
          } else {
            const taken = takeGrant(grants, each.take, 1);
            grants = taken.left;
            if (taken.grant !== undefined) balance[each.take] = (balance[each.take] ?? 0) - 1;
            expect(balance[each.take]).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
  });
});

describe("the prompt budget", () => {
  const budget = { burst: 2, everyMs: 1_000 };
  it("lets a burst through, then one each period; a clock that jumps back gives nothing", () => {
    let bucket = fullBucket(budget, 0);
    const at = (now: number): boolean => {
      const taken = takePrompt(bucket, budget, now);
      bucket = taken.bucket;
      return taken.granted;
    };
    expect([at(0), at(0), at(0), at(500), at(1_000), at(1_100), at(0), at(900), at(1_000)]).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
      false,
      true,
      false,
    ]);
  });
});

describe("the count", () => {
  const question: Question = {
    id: "q",
    session: "s",
    agent: "claude",
    digest: "d",
    act: { kind: "exec", text: "ls", cwd: "/" },
    why: ["x"],
    legs: [],
    rule: "Bash(npm test)",
    contained: true,
    askedAt: 0,
    expiresAt: 1,
  };
  const answer = (by: Answer["by"], verdict: Answer["verdict"]): Answer => ({ by, verdict, scope: "once" });

  it("tells how many, how fast, how many hardly read, and the rule behind the repeats", () => {
    let tally = countPrompt(NO_PROMPTS, question, answer("terminal", "allow"), 400);
    tally = countPrompt(tally, question, answer("command", "deny"), 5_000);
    tally = countPrompt(tally, question, answer("timeout", "deny"), 120_000);
    tally = countPrompt(tally, question, answer("grant", "allow"), 1);
    expect(promptLines(tally)).toEqual([
      "  asked    3 (1 allowed, 2 refused, 1 by nobody), answered after 5.0 s (median), 1 within a second",
      "           3 of them a rule would spare: Bash(npm test)",
    ]);
    expect(promptLines(NO_PROMPTS)).toEqual([]);
  });
});

describe("the offered rule", () => {
  const at = { file: "policy.yaml", line: 1, column: 1 };
  const judgeWith = (ask: readonly string[] = []): Judge => {
    const texts = ask.map((text) => ({ text, at, layer: "project" as const }));
    const rules = compileRules({ allow: [], ask: texts, deny: [] }, { root: "/w", home: "/home/dev" });
    if (!rules.ok) throw new Error("rules");
    return {
      rules: rules.value,
      mode: "default",
      facts: { root: "/w", home: "/home/dev", resolve: () => [] },
    };
  };
  const run = (command: string) => [{ kind: "exec", command, cwd: "/w" }] as const;

  it("is exact, and only what was tried and works", () => {
    expect(offeredRule(judgeWith(), run("npm test"))).toBe("Bash(npm test)");
  });

  it.each([
    ["an act that always asks", run("git push --force"), []],
    ["what an ask rule holds", run("npm test"), ["Bash(npm *)"]],
    ["what is not known", run("$X test"), []],
    ["two commands at once", run("npm test && npm start"), []],
    ["words that would be a pattern", run("npm run '*'"), []],
  ] as const)("is none for %s", (_name, actions, ask) => {
    expect(offeredRule(judgeWith(ask), actions)).toBeUndefined();
  });

  it("shows what else it would let pass", () => {
    const effect = ruleEffect(
      judgeWith(),
      "Bash(npm test)",
      [run("npm test"), run("npm run x"), run("npm  test")],
      ([action]) => (action?.kind === "exec" ? action.command : ""),
    );
    expect(effect.allows).toEqual(["npm test", "npm  test"]);
  });
});
