// PERM-3: approval policy and walls beside what the rules say. Each row is one call; the columns are the four approval policies.
import { describe, expect, it } from "vitest";
import { compileRules, decideAll, settle } from "../../../src/core/policy/index.ts";

const ROOT = "/w";
const text = (rule: string) => ({ text: rule, layer: "user", at: { file: "p.yaml", line: 1, column: 1 } }) as const;
const compiled = compileRules(
  { allow: [text("Bash(npm test)")], ask: [text("Bash(make *)")], deny: [text("Bash(curl *)")] },
  { root: ROOT, home: "/home/u" },
);
if (!compiled.ok) throw new Error("the rules of this test do not compile");
const judge = { rules: compiled.value, mode: "default", facts: { root: ROOT, home: "/home/u" } } as const;

const exec = (command: string) => ({ kind: "exec", command, cwd: ROOT }) as const;
const CALLS = {
  "reads only": exec("ls"),
  "allowed by a rule": exec("npm test"),
  "left open": exec("frobnicate --fast"),
  "not provable": exec('sh -c "$X"'),
  "an ask rule": exec("make all"),
  "a rule that may match": exec("$X evil.example"),
  "cannot be undone": exec("git push --force"),
  denied: exec("curl x"),
  "an edit": { kind: "edit", path: "/w/a.ts" },
  "a protected path": { kind: "write", path: "/w/.git/hooks/pre-commit" },
  "a tool of an MCP server": { kind: "mcp", server: "s", tool: "t", input: {} },
} as const;

const WITHOUT_WALLS = {
  "reads only": "allow allow allow allow",
  "allowed by a rule": "ask allow allow allow",
  "left open": "ask ask ask deny",
  "not provable": "ask ask ask deny",
  "an ask rule": "ask ask ask deny",
  "a rule that may match": "ask ask ask deny",
  "cannot be undone": "ask ask ask deny",
  denied: "deny deny deny deny",
  "an edit": "ask ask ask deny",
  "a protected path": "ask ask ask deny",
  "a tool of an MCP server": "ask ask ask deny",
};
const WITH_WALLS = {
  ...WITHOUT_WALLS,
  "left open": "ask allow allow allow",
  "not provable": "ask ask ask deny", // a deny rule on curl cannot be excluded
  "an edit": "ask allow allow allow",
};

describe("the second question", () => {
  it("is no way around mode plan: what a fence would hold is asked there, too", () => {
    const terms = { approvals: "on-request", sandbox: "workspace-write", walls: true, limited: false } as const;
    const inPlan = (command: string): string =>
      settle(decideAll({ ...judge, mode: "plan" }, [exec(command)]), terms).verdict;
    expect(["ls", "frobnicate --fast", "touch x", "npm test"].map(inPlan)).toEqual(["allow", "ask", "ask", "ask"]);
  });
  for (const [walls, wants] of [
    [false, WITHOUT_WALLS],
    [true, WITH_WALLS],
  ] as const)
    for (const [name, action] of Object.entries(CALLS))
      it(`${name}, ${walls ? "inside" : "outside"} a fence`, () => {
        const verdicts = (["untrusted", "on-request", "on-failure", "never"] as const).map(
          (approvals) =>
            settle(decideAll(judge, [action]), { approvals, sandbox: "workspace-write", walls, limited: true }).verdict,
        );
        expect(verdicts.join(" ")).toBe(wants[name as keyof typeof CALLS]);
      });

  it("what cannot be proved is left open where no rule limits the shell", () => {
    const terms = { approvals: "on-request", sandbox: "workspace-write", walls: true, limited: false } as const;
    expect(settle(decideAll(judge, [CALLS["not provable"]]), terms).verdict).toBe("allow");
  });

  it("danger-full-access has no walls, by its name", () => {
    const terms = { approvals: "on-request", sandbox: "danger-full-access", walls: true, limited: false } as const;
    expect(settle(decideAll(judge, [CALLS["left open"]]), terms).verdict).toBe("ask");
  });

  it("read-only: what writes is denied where no wall holds it", () => {
    const terms = { approvals: "on-request", sandbox: "read-only", walls: false, limited: false } as const;
    expect(settle(decideAll(judge, [CALLS["an edit"]]), terms).verdict).toBe("deny");
    expect(settle(decideAll(judge, [CALLS["allowed by a rule"]]), terms).verdict).toBe("deny");
    expect(settle(decideAll(judge, [CALLS["reads only"]]), terms).verdict).toBe("allow");
  });
});
