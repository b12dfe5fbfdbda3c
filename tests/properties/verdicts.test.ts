// The laws of a verdict over every kind of action, every mode and rules of every tool (I1 to I4, I10), and over layers (I3).
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Action, actionsOfTool, atLeast } from "#core";
import {
  adviceOn,
  compileRules,
  decide,
  decideAll,
  type LayerText,
  loadPolicy,
  MODES,
  proofLines,
  SCREEN,
} from "#core/policy";
import { forTerminal } from "#core/text";
import { type JudgeOptions, judgeBy } from "../support/judge.ts";

const COMMANDS = [
  "ls",
  "cat secret/a",
  "grep -r x .",
  "touch z",
  "rm z",
  "rm -rf /",
  "r\\m z; ls",
  "npm test",
  "npm test > out",
  "git push --force",
  "$(x)",
  "echo $Y",
  "cp a .git/config",
  "curl https://a.org",
  "find . -delete",
  "bash -c 'rm z'",
  "\u001b[2J; ls \u202e",
] as const;
const TOOLS: readonly (readonly [string, unknown])[] = [
  ["Read", { file_path: "secret/a" }],
  ["Read", { file_path: "/etc/passwd" }],
  ["Grep", { path: "." }],
  ["Write", { file_path: "src/a" }],
  ["Write", { file_path: ".npmrc" }],
  ["Write", { file_path: "../x" }],
  ["Delete", { path: "." }],
  ["WebFetch", { url: "https://a.org" }],
  ["mcp__s__t", {}],
  ["Agent", { subagent_type: "x" }],
  ["Odd\u001b]0;x\u0007", {}],
  ["TodoWrite", {}],
];
const RULES = [
  "Bash",
  "Bash(rm *)",
  "Bash(npm test)",
  "Bash(git push *)",
  "Bash(touch *)",
  "Bash(* z)",
  "Bash(curl:*)",
  "Bash(find *)",
  "Read",
  "Read(./secret/**)",
  "Read(//etc/**)",
  "Write",
  "Write(./src/**)",
  "Edit(./**)",
  "WebFetch",
  "WebFetch(domain:*.org)",
  "WebFetch(domain:a.org)",
  "mcp__s",
  "mcp__*",
  "Agent(x)",
  "TodoWrite",
] as const;

const call: fc.Arbitrary<readonly Action[]> = fc.oneof(
  fc
    .oneof(
      fc.array(fc.constantFrom(...COMMANDS), { maxLength: 3 }).map((parts) => parts.join(" && ")),
      fc.string({ unit: "binary", maxLength: 30 }),
    )
    .map((command) => [{ kind: "exec" as const, command, cwd: "/work" }]),
  fc.constantFrom(...TOOLS).map(([tool, input]) => actionsOfTool(tool, input, "/work") ?? []),
  fc
    .array(fc.constantFrom(...TOOLS), { maxLength: 3 })
    .map((calls) => calls.flatMap(([tool, input]) => actionsOfTool(tool, input, "/work") ?? [])),
);
const rules = fc.subarray([...RULES]);
const mode = fc.constantFrom(...MODES);
const verdictOf = (options: JudgeOptions, actions: readonly Action[]) => decideAll(judgeBy(options), actions).verdict;

describe("a verdict", () => {
  it("is total and deterministic, and every rule it names has its place", () => {
    fc.assert(
      fc.property(call, rules, rules, rules, mode, (actions, allow, ask, deny, m) => {
        const judgement = decideAll(judgeBy({ allow, ask, deny, mode: m }), actions);
        expect(decideAll(judgeBy({ allow, ask, deny, mode: m }), actions)).toEqual(judgement);
        expect(judgement.reasons.length).toBeGreaterThan(0);
        for (const reason of judgement.reasons)
          if (reason.rule !== undefined) expect(reason.at?.line).toBeGreaterThan(0);
      }),
      { numRuns: 1500 },
    );
  });

  it("is no looser with one more deny or ask, and no stricter with one more allow", () => {
    fc.assert(
      fc.property(call, rules, rules, rules, fc.constantFrom(...RULES), mode, (actions, allow, ask, deny, more, m) => {
        const before = verdictOf({ allow, ask, deny, mode: m }, actions);
        expect(atLeast(verdictOf({ allow, ask, deny: [...deny, more], mode: m }, actions), before)).toBe(true);
        expect(atLeast(verdictOf({ allow, ask: [...ask, more], deny, mode: m }, actions), before)).toBe(true);
        expect(atLeast(before, verdictOf({ allow: [...allow, more], ask, deny, mode: m }, actions))).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  it("is the same in any order of the rules", () => {
    fc.assert(
      fc.property(
        call,
        fc.shuffledSubarray([...RULES]),
        fc.shuffledSubarray([...RULES]),
        mode,
        (actions, allow, deny, m) => {
          const backwards = { allow: [...allow].reverse(), deny: [...deny].reverse(), mode: m };
          expect(verdictOf(backwards, actions)).toBe(verdictOf({ allow, deny, mode: m }, actions));
        },
      ),
      { numRuns: 600 },
    );
  });

  it("knows which modes are stricter, and denies bind in all of them", () => {
    fc.assert(
      fc.property(call, rules, rules, rules, (actions, allow, ask, deny) => {
        const by = (m: (typeof MODES)[number]) => verdictOf({ allow, ask, deny, mode: m }, actions);
        const plain = by("default");
        expect(by("dontAsk")).toBe(plain === "ask" ? "deny" : plain);
        expect(atLeast(by("plan"), plain)).toBe(true);
        for (const looser of ["acceptEdits", "auto", "bypassPermissions"] as const) {
          expect(atLeast(plain, by(looser))).toBe(true);
          if (plain === "deny") expect(by(looser)).toBe("deny");
        }
      }),
      { numRuns: 1500 },
    );
  });

  it("prints on one screen, with nothing raw", () => {
    fc.assert(
      fc.property(call, rules, rules, mode, (actions, allow, deny, m) => {
        const judge = judgeBy({ allow, deny, mode: m });
        const judgement = decideAll(judge, actions);
        const lines = proofLines(judgement, adviceOn(judge, actions, judgement)).map((line) =>
          forTerminal(line, { max: 400 }),
        );
        expect(lines.length).toBeLessThanOrEqual(SCREEN);
        expect(lines[0]).toBe(judgement.verdict);
        expect(lines.join("")).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
      }),
      { numRuns: 1500 },
    );
  });
});

describe("layers", () => {
  const file = fc.record(
    {
      permissions: fc.record(
        { allow: rules, ask: rules, deny: rules, mode, disableBypassPermissionsMode: fc.constant("disable") },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );
  const layer = (name: LayerText["name"], value: unknown, trusted: boolean): LayerText => ({
    name,
    file: `/work/.ringfence/${name}.yaml`,
    text: JSON.stringify(value),
    digest: "",
    trusted,
  });
  const verdictUnder = (layers: readonly LayerText[], action: Action) => {
    const loaded = loadPolicy(layers);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const places = { root: "/work", home: "/home/me" };
    const compiled = compileRules(loaded.value.policy.permissions, places);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
    return decide({ rules: compiled.value, mode: loaded.value.policy.permissions.mode, facts: places }, action).verdict;
  };

  it("below what the managed file fixed, and files nobody accepted, loosen no verdict", () => {
    fc.assert(
      fc.property(call, file, file, fc.boolean(), ([action], managed, lower, trusted) => {
        if (action === undefined) return;
        const permissions = { allow: [], mode: "default", ...managed.permissions };
        const fixed = [layer("managed", { permissions }, true)];
        const before = verdictUnder(fixed, action);
        // `dontAsk` refuses what `plan` asks about, and the other way round: modes that do not compare are told apart by their questions
        const after = verdictUnder([...fixed, layer("project", lower, trusted)], action);
        expect(before === "allow" || after !== "allow").toBe(true);
        if (permissions.mode !== "dontAsk" && permissions.mode !== "plan") expect(atLeast(after, before)).toBe(true);
      }),
      {
        numRuns: 300,
        examples: [
          [
            [{ kind: "read", path: "/etc/passwd" }],
            { permissions: { mode: "bypassPermissions", disableBypassPermissionsMode: "disable" } },
            { permissions: { mode: "auto" } },
            false,
          ],
        ],
      },
    );
  });
});
