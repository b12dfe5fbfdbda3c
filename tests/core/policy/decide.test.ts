// The tables of tests/cases/check: the first line of a file says by which rules its commands are judged, and what is wanted
// (`want`, or `not` for "anything but"). A line may say otherwise for itself.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type JudgeOptions, judge } from "../../support/judge.ts";

interface Case extends JudgeOptions {
  readonly command?: string;
  readonly want?: string;
  readonly not?: string;
}

const folder = new URL("../../cases/check/", import.meta.url);
for (const file of readdirSync(folder).filter((name) => name.endsWith(".jsonl"))) {
  const [head, ...lines] = readFileSync(new URL(file, folder), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line): Case => JSON.parse(line));
  describe(file, () => {
    for (const line of lines) {
      const { command = "", want, not, ...options } = { ...head, ...line };
      it(JSON.stringify(command), () => {
        const { verdict, reasons } = judge(command, options);
        if (want !== undefined)
          expect([verdict, reasons.filter((r) => r.verdict !== want)]).toEqual([
            want,
            want === "allow" ? [] : expect.anything(),
          ]);
        else expect(verdict).not.toBe(not);
      });
    }
  });
}
