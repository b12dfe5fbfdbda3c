// Text given to `sh` against a real dash, which reads much of what only bash knows as something else and goes on: what is allowed runs
// nothing but what the rules allow there too, and leaves no file.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judge } from "../support/judge.ts";
import { snippet } from "../support/shell-fuzz.ts";

const DASH = "/bin/dash";
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dash-"));
  mkdirSync(join(folder, "bin"));
  mkdirSync(join(folder, "work"));
  for (const name of ["p1", "p2", "q1", "q2", "q3"]) {
    const file = join(folder, "bin", name);
    writeFileSync(file, `#!${DASH}\n${name.startsWith("q") ? `> ${folder}/work/${name}\n` : ":\n"}`);
    chmodSync(file, 0o755);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The files that the text leaves behind. */
function left(text: string): readonly string[] {
  const cwd = join(folder, "work");
  spawnSync(DASH, ["-c", text], {
    cwd,
    env: { PATH: join(folder, "bin"), HOME: folder },
    stdio: "ignore",
    timeout: 10_000,
  });
  const files = readdirSync(cwd);
  for (const file of files) rmSync(join(cwd, file), { recursive: true });
  return files;
}

describe.skipIf(!existsSync(DASH))("text that is allowed for sh", () => {
  it("runs and writes nothing else in dash", () => {
    expect(left("p1; q1")).toEqual(["q1"]); // control
    expect(left("[[ a || q2 ]]; ((q3)); [[ a > b ]]")).toEqual(["b", "q2", "q3"]); // what bash only compares
    const allow = ["sh", "p1", "p2", "echo", "cat", "eval"].map((name) => `Bash(${name} *)`);
    const differs = ["[[ a || q1 ]]", "((q1))", "[[ a > b ]]", "p1 &> b", "p1 $'\\' q1 '", "echo $[1;q1]", "{p1,q1}"];
    const texts = fc.sample(
      fc.tuple(snippet, fc.constantFrom("", "", ...differs), fc.constantFrom(" ", ";", "\n")),
      4000,
    );
    let allowed = 0;
    for (const text of new Set(texts.map(([a, b, between]) => a + between + b))) {
      if (judge(`sh -c '${text.replaceAll("'", "'\\''")}'`, { allow }).verdict !== "allow") continue;
      allowed++;
      expect([text, left(text)]).toEqual([text, []]);
    }
    expect(allowed).toBeGreaterThan(20);
  });
});
