// The program table's own examples: what an allow rule for the whole program covers quietly, and what it must not cover.
import { describe, expect, it } from "vitest";
import { allPrograms } from "#core/shell";
import { judge } from "../../support/judge.ts";

describe("the program table", () => {
  for (const [name, entry] of allPrograms()) {
    // `run` needs free wrappers' inner commands to be free too, so `true` is what the examples wrap
    const allow = [`Bash(${name} *)`];
    for (const command of entry.quiet ?? [])
      it(`is quiet: ${command}`, () =>
        expect([
          command,
          judge(command, { allow, ...(name === "xargs" ? { allow: [...allow, "Bash(cat *)", "Bash(ls *)"] } : {}) })
            .verdict,
        ]).toEqual([command, "allow"]));
    for (const command of entry.asks ?? []) {
      const program = command.split(/\s/)[0] ?? name;
      it(`asks: ${command}`, () =>
        expect([command, judge(command, { allow: [...allow, `Bash(${program} *)`] }).verdict]).not.toEqual([
          command,
          "allow",
        ]));
    }
  }
});
