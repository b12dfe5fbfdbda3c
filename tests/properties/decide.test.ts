import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { strictest } from "#core";
import { judge } from "../support/judge.ts";

const SNIPPETS = [
  "ls",
  "cat a",
  "rm x",
  "git diff",
  "npm test",
  "$(id)",
  "`id`",
  "$x",
  "'a b'",
  '"$x"',
  "*",
  "{a,b}",
  "-o x",
  "> f",
  "2>&1",
  "< f",
  "&& ",
  "|| ",
  "; ",
  "| ",
  "& ",
  "\n",
  "( ",
  " )",
  "{ ",
  "; }",
  "if true; then ",
  "; fi",
  "for i in a; do ",
  "; done",
  "<<EOF\nx\nEOF\n",
  "A=1 ",
  "eval ",
  "env ",
  "xargs ",
  "find . ",
  "-exec ",
  "\\;",
  "$'\\x72m'",
  "[[ ",
  " ]]",
  "$((1+1))",
  "${a[1]}",
  "f() ",
  "\\",
  "'",
  '"',
  "#",
  "!",
  "~",
  "=",
] as const;
const text = fc.oneof(
  fc.array(fc.constantFrom(...SNIPPETS), { maxLength: 12 }).map((parts) => parts.join(" ")),
  fc.string({ maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 30 }),
);
const RULES = [
  "Bash(ls *)",
  "Bash(git diff *)",
  "Bash(npm test)",
  "Bash(rm *)",
  "Bash(cat *)",
  "Bash(find *)",
  "Bash(env *)",
  "Bash",
  "Read(.env)",
  "Write(./f)",
  "Bash(* x)",
  "Bash(eval *)",
] as const;
const rules = fc.subarray([...RULES]);
const LOOSER = { allow: 0, ask: 1, deny: 2 } as const;

describe("decide", () => {
  it("is total and deterministic", () => {
    fc.assert(
      fc.property(text, rules, rules, (command, allow, deny) => {
        const once = judge(command, { allow, deny });
        expect(judge(command, { allow, deny })).toEqual(once);
        expect(["allow", "ask", "deny"]).toContain(once.verdict);
        expect(once.reasons.length).toBeGreaterThan(0);
      }),
      { numRuns: 1500 },
    );
  });

  it("is total on texts that are as deep as they are long, and denies what stands at their end", () => {
    const options = { allow: ["Bash"], deny: ["Bash(rm *)"] };
    const shapes: readonly (readonly [string, string])[] = [
      ["a && ", ""],
      ["a || ", ""],
      ["a | ", ""],
      ["a; ", ""],
      ["a\n", ""],
      ["$(", ")"],
      ["( ", ")"],
      ["{ ", "; }"],
      ["if x; then ", "; fi"],
      ["f() { ", "; }"],
      ["eval ", ""],
      ["sudo ", ""],
      ["echo $((1+", "1))"],
      ["echo {a,", "}"],
      ["echo ${x:-", "}"],
      ["`", "`"],
      ["'", "'"],
      ["cd a && ", ""],
    ];
    for (const [open, close] of shapes)
      for (const times of [1, 40, 400, 9000 / (open.length + close.length)]) {
        const text = `${open.repeat(times)}x${close.repeat(times)}`;
        expect([text.slice(0, 20), ["allow", "ask", "deny"].includes(judge(text, options).verdict)]).toEqual([
          text.slice(0, 20),
          true,
        ]);
      }
    for (const open of ["a && ", "a || ", "a | ", "a; ", "a\n"])
      expect([open, judge(`${open.repeat(1500)}rm x`, options).verdict]).toEqual([open, "deny"]);
  });

  it("never loosens when a deny or ask is added, or an allow is taken away", () => {
    fc.assert(
      fc.property(text, rules, rules, rules, fc.constantFrom(...RULES), (command, allow, ask, deny, more) => {
        const before = LOOSER[judge(command, { allow, ask, deny }).verdict];
        expect(LOOSER[judge(command, { allow, ask, deny: [...deny, more] }).verdict]).toBeGreaterThanOrEqual(before);
        expect(LOOSER[judge(command, { allow, ask: [...ask, more], deny }).verdict]).toBeGreaterThanOrEqual(before);
        expect(LOOSER[judge(command, { allow: allow.slice(1), ask, deny }).verdict]).toBeGreaterThanOrEqual(before);
      }),
      { numRuns: 1000 },
    );
  });

  it("denies in any order of the rules", () => {
    fc.assert(
      fc.property(text, rules, fc.shuffledSubarray([...RULES]), (command, allow, deny) => {
        const verdict = judge(command, { allow, deny }).verdict;
        expect(judge(command, { allow: [...allow].reverse(), deny: [...deny].reverse() }).verdict).toBe(verdict);
      }),
      { numRuns: 500 },
    );
  });

  it("is as strict as the strictest part of a list", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("ls", "npm test", "rm x", "git diff --output=y", "cat $f", "true"), {
          minLength: 1,
          maxLength: 5,
        }),
        (parts) => {
          const options = { allow: ["Bash(npm test)", "Bash(git diff *)"], deny: ["Bash(rm *)"] };
          const want = strictest(parts.map((part) => judge(part, options).verdict));
          for (const between of [" && ", " || ", "; ", "\n", " | ", " & "])
            expect(judge(parts.join(between), options).verdict).toBe(want);
        },
      ),
    );
  });

  it("gives every rule of a reason with its place", () => {
    fc.assert(
      fc.property(text, rules, rules, (command, allow, deny) => {
        for (const reason of judge(command, { allow, deny }).reasons)
          if (reason.rule !== undefined) expect(reason.at?.line).toBeGreaterThan(0);
      }),
    );
  });
});
