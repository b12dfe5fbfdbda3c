// The program table: its own examples (what an allow rule for the whole program covers quietly, and what it must not cover), the names
// that must be in it, and that its entries hold together.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allPrograms, type ProgramEntry } from "#core/shell";
import { judge } from "../../support/judge.ts";

const programs = allPrograms();

describe("the program table", () => {
  for (const [name, entry] of programs) {
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

  it("knows every program of GTFOBins", () => {
    // names only; the examples behind them are not ours to keep
    const names = readFileSync(new URL("../../cases/programs/gtfobins.txt", import.meta.url), "utf8").split("\n");
    expect(names.filter((name) => name !== "" && !programs.has(name))).toEqual([]);
  });

  it("refers to entries that say something themselves", () => {
    const broken: string[] = [];
    for (const [name, entry] of programs) {
      const same = entry.same === undefined ? undefined : programs.get(entry.same);
      if (entry.same !== undefined && (same === undefined || same.same !== undefined)) broken.push(name);
      broken.push(...brokenLikes(name, entry));
    }
    expect(broken).toEqual([]);
  });

  it("names only code that is there", () => {
    for (const [name, entry] of programs)
      for (const words of spellings(name, entry)) expect(() => judge(`${words} x`, { allow: ["Bash"] })).not.toThrow();
  });
});

/** `like` takes one step: an entry that is itself like another would bring nothing along. */
function brokenLikes(path: string, entry: ProgramEntry): readonly string[] {
  const beside = entry.subcommands ?? {};
  return Object.entries(beside).flatMap(([name, sub]) => {
    const target = sub.like === undefined ? undefined : beside[sub.like];
    const broken = sub.like !== undefined && (target === undefined || target.like !== undefined);
    return [...(broken ? [`${path} ${name}`] : []), ...brokenLikes(`${path} ${name}`, sub)];
  });
}

function spellings(path: string, entry: ProgramEntry): readonly string[] {
  return [path, ...Object.entries(entry.subcommands ?? {}).flatMap(([name, sub]) => spellings(`${path} ${name}`, sub))];
}
