// A command that an agent starts in another directory (a tool's `workdir`) is judged as if it went there itself (DESIGN 7 rule 5).
import { describe, expect, it } from "vitest";
import { decide } from "#core/policy";
import { type JudgeOptions, judgeBy } from "../../support/judge.ts";

const verdictIn = (cwd: string, command: string, options: JudgeOptions = {}) =>
  decide(judgeBy(options), { kind: "exec", command, cwd }).verdict;

describe("a working directory outside the workspace", () => {
  it("asks, whatever runs there", () => {
    for (const command of ["npm test", "ls", "true", "make -C ."])
      for (const cwd of ["/tmp/evil", "/work/../tmp", "/", "/workshop", "relative", "/a'b"])
        expect([cwd, command, verdictIn(cwd, command, { allow: ["Bash(npm test)"] })]).toEqual([cwd, command, "ask"]);
    expect(verdictIn("/work/sub", "npm test", { allow: ["Bash(npm test)"] })).toBe("allow");
  });

  it("is allowed where a rule allows going there, and denied where one denies it", () => {
    expect(verdictIn("/tmp/x", "npm test", { allow: ["Bash(npm test)", "Bash(cd /tmp/x)"] })).toBe("allow");
    expect(verdictIn("/tmp/x", "npm test", { allow: ["Bash(npm test)"], deny: ["Bash(cd *)"] })).toBe("deny");
    expect(verdictIn("/tmp/x", "npm test", { mode: "bypassPermissions" })).toBe("allow");
    expect(verdictIn("/tmp/x", "npm test", { allow: ["Bash(npm test)"], mode: "dontAsk" })).toBe("deny");
  });

  it("counts under the name its links lead to", () => {
    const judge = judgeBy({ allow: ["Bash(npm test)"] });
    const resolve = (path: string): readonly string[] => (path === "/work/out" ? ["/elsewhere"] : []);
    const { verdict } = decide(
      { ...judge, facts: { ...judge.facts, resolve } },
      { kind: "exec", command: "npm test", cwd: "/work/out" },
    );
    expect(verdict).toBe("ask");
  });
});
