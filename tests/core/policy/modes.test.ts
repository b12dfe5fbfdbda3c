// Every mode against every kind of action (DESIGN 7 rule 1, PERM-2): one line an act, one answer a mode.
import { describe, expect, it } from "vitest";
import { actionsOfTool } from "#core";
import { decideAll, type Mode, sessionMode } from "#core/policy";
import { readCases } from "../../support/cases.ts";
import { type JudgeOptions, judgeBy } from "../../support/judge.ts";

interface Head extends JudgeOptions {
  readonly modes: readonly Mode[];
}
interface Line {
  readonly act: { readonly command: string } | { readonly tool: string; readonly input: unknown };
  readonly want: readonly string[];
}

const [head, ...lines] = readCases<Head, Line>("policy/modes.jsonl");

describe("modes", () => {
  it.each(lines)("$act", ({ act, want }) => {
    const actions =
      "command" in act
        ? ([{ kind: "exec", command: act.command, cwd: "/work" }] as const)
        : (actionsOfTool(act.tool, act.input, "/work") ?? []);
    const verdicts = head.modes.map((mode) => decideAll(judgeBy({ ...head, mode }), actions).verdict);
    expect(verdicts).toEqual(want);
  });
});

describe("full bypass", () => {
  const permissions = { mode: "bypassPermissions", bypassDisabled: false, allow: [], ask: [], deny: [] } as const;
  it.each([
    [{ asRoot: false, isolated: true }, false, true],
    [{ asRoot: true, isolated: true }, false, false],
    [{ asRoot: false, isolated: false }, false, false],
    [{ asRoot: false, isolated: true }, true, false],
  ] as const)("with %j and disabled %j: %j", (terms, bypassDisabled, want) => {
    const policy = { ...permissions, bypassDisabled };
    expect(sessionMode(policy, "bypassPermissions", terms).ok).toBe(want);
    expect(sessionMode(policy, "acceptEdits", terms)).toEqual({ ok: true, value: "acceptEdits" });
  });
});
