// A word that nobody knows can be an option in disguise. So whatever is allowed with an unknown word must be allowed with every option
// in its place: for every program and subcommand of the table, in the shapes agents write.
import fc from "fast-check";
import { expect, it } from "vitest";
import { allPrograms, type ProgramEntry } from "#core/shell";
import { judge } from "../support/judge.ts";

const OPTIONS =
  "-o -c -e -x -i -C -W -I -exec -delete --output=x --config=x --exec=x --pre=x --command=x --write --directory=x";
/** `wc "$f"` may turn out to be `wc --files0-from=list`, which only reads: that passes, spelled out it asks. */
const MAY_DIFFER = new Set(["reads-outside", "unknown-option", "names-file"]);

/** A command with an unknown word, and what stands before and after it when it is an option. */
const SHAPES = [
  { unknown: 'P "$x"', before: "P ", options: /^/ },
  { unknown: "P $x", before: "P ", options: /^/ },
  { unknown: 'P a "$x"', before: "P a ", options: /^/ },
  { unknown: "P a $(y)", before: "P a ", options: /^/ },
  { unknown: "P a$x", before: "P a ", options: /^/ },
  { unknown: 'P -"$x"', before: "P ", options: /^-[^-]/ },
  { unknown: 'P --"$x"', before: "P ", options: /^--/ },
  { unknown: "P -n $x", before: "P -n 1 ", options: /^/ },
  { unknown: "P -n$x", before: "P -n1 ", options: /^/ },
  { unknown: "P *", before: "P ", options: /^/ },
  { unknown: 'P "$@"', before: "P ", options: /^/ },
] as const;

function heads(path: readonly string[], entry: ProgramEntry): readonly string[] {
  const below = path.length < 3 ? Object.entries(entry.subcommands ?? {}) : [];
  return [path.join(" "), ...below.flatMap(([name, sub]) => heads([...path, name], sub))];
}

const PROGRAMS = [...allPrograms()].flatMap(([name, entry]) => heads([name], entry));

it("an unknown word is allowed only where any option would be", () => {
  let allowed = 0;
  fc.assert(
    fc.property(fc.constantFrom(...PROGRAMS), fc.constantFrom(...SHAPES), (program, { unknown, before, options }) => {
      const rules = { allow: [`Bash(${program} *)`, "Bash(y *)"] };
      const command = unknown.replace("P", () => program);
      if (judge(command, rules).verdict !== "allow") return;
      allowed++;
      for (const option of OPTIONS.split(" ").filter((o) => options.test(o))) {
        const { verdict, reasons } = judge(before.replace("P", () => program) + option, rules);
        const against = reasons.filter((r) => r.verdict !== "allow").map((r) => r.code);
        if (!against.every((code) => MAY_DIFFER.has(code)))
          expect([command, option, verdict, against]).toEqual([command, option, "allow", []]);
      }
    }),
    { numRuns: 4000 },
  );
  expect(allowed).toBeGreaterThan(300);
});
