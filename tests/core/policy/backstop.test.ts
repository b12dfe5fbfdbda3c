// Mode `auto` (PERM-9): what passes without a rule, and what waits for a person, whatever it is called.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Action } from "#core";
import { backstop, type CompiledRules, compileRules, decide, type Judge } from "#core/policy";

const at = { file: "policy.yaml", line: 1, column: 1 };

function rules(lists: { readonly allow?: string; readonly ask?: string; readonly deny?: string } = {}): CompiledRules {
  const list = (text: string | undefined): readonly { text: string; at: typeof at; layer: "project" }[] =>
    text === undefined ? [] : [{ text, at, layer: "project" }];
  const compiled = compileRules(
    { allow: list(lists.allow), ask: list(lists.ask), deny: list(lists.deny) },
    { root: "/w", home: "/home/me" },
  );
  if (!compiled.ok) throw new Error("rules");
  return compiled.value;
}

const judge: Judge = { rules: rules(), mode: "default", facts: { root: "/w", home: "/home/me" } };
const exec = (command: string): Action => ({ kind: "exec", command, cwd: "/w" });
const codes = (action: Action, by: Judge = judge): readonly string[] =>
  backstop(by, action, decide(by, action)).map((r) => r.code);

const cases = readFileSync(new URL("../../cases/auto/acts.jsonl", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as { command: string; want: string });

describe("what passes and what waits", () => {
  test.each(cases)("$command: $want", ({ command, want }) => {
    const found = codes(exec(command));
    const ended = decide({ ...judge, mode: "auto" }, exec(command));
    if (want === "pass") expect(found).toEqual([]);
    else expect(found).toContain(want);
    expect(ended.verdict).toBe(want === "pass" ? "allow" : "ask");
    expect(ended.reasons.some((r) => r.verdict === ended.verdict)).toBe(true);
  });

  test.each<[Action, readonly string[]]>([
    [{ kind: "write", path: "/w/src/a.ts" }, []],
    [{ kind: "edit", path: "/w/src/a.ts" }, []],
    [{ kind: "delete", path: "/w/src/a.ts" }, []],
    [{ kind: "agent", name: "explore" }, []],
    [{ kind: "read", path: "/usr/include/stdio.h" }, []],
    [{ kind: "fetch", host: "localhost", port: 3000 }, []],
    [{ kind: "write", path: "/w/.git/hooks/pre-commit" }, ["protected-path"]],
    [{ kind: "write", path: "/home/me/.bashrc" }, ["auto-outside"]],
    [{ kind: "read", path: "/home/me/.aws/credentials" }, ["auto-credentials"]],
    [{ kind: "fetch", host: "x.example", port: 443 }, ["auto-network"]],
    [{ kind: "mcp", server: "s", tool: "get_x", input: {} }, ["auto-tool"]],
    [{ kind: "other", tool: "Unknown", input: {} }, ["auto-tool"]],
  ])("%j", (action, want) => {
    expect(codes(action)).toEqual(want);
    expect(decide({ ...judge, mode: "auto" }, action).verdict).toBe(want.length === 0 ? "allow" : "ask");
  });
});

describe("laws", () => {
  const words = fc.constantFrom(
    "npm",
    "test",
    "git",
    "push",
    "curl",
    "|",
    "sh",
    ";",
    "rm",
    "-rf",
    "$X",
    "$(",
    ")",
    "x",
    "&&",
    "src",
    ">",
    "'",
    "node",
    "-e",
    "https://e.x",
    "\n",
    "~",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(words, { maxLength: 10 }).map((w) => w.join(" ")),
  );

  test("auto never softens a deny or an ask rule, and never asks where rules allow", () => {
    fc.assert(
      fc.property(text, (command) => {
        for (const lists of [{ deny: "Bash" }, { ask: "Bash" }]) {
          const by = { ...judge, rules: rules(lists) };
          expect(decide({ ...by, mode: "auto" }, exec(command)).verdict).toBe(decide(by, exec(command)).verdict);
        }
        const plain = decide(judge, exec(command));
        if (plain.verdict === "allow") expect(codes(exec(command))).toEqual([]);
      }),
    );
  });

  test("what is not fully understood never passes", () => {
    fc.assert(
      fc.property(text, (command) => {
        const plain = decide(judge, exec(command));
        const open = /^(?:no-rule|writes-file|writes-in-place|runs-script|runs-module|runs-file|runs-program|write)$/;
        if (plain.reasons.some((r) => r.verdict === "ask" && !open.test(r.code)))
          expect(decide({ ...judge, mode: "auto" }, exec(command)).verdict).toBe("ask");
      }),
    );
  });
});
