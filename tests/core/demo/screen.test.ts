// The demo's one screen, also when everything it has to show is hostile.
import { describe, expect, it } from "vitest";
import { demoScreen } from "../../../src/cli/demo-screen.ts";
import { ACTS } from "../../../src/monitor/demo/acts.ts";
import type { DemoReport } from "../../../src/monitor/demo.ts";

describe("the screen", () => {
  it("fits 40 lines of 100 columns and hides nothing, also with hostile names", () => {
    const findings = ACTS.map((act) => ({
      act,
      outside: "\u001b[2J".repeat(30),
      inside: "x".repeat(200),
      result: "fails" as const,
    }));
    const many = Array.from({ length: 500 }, (_, index) => `node_modules/\u202e${index}/a-long-name-of-a-file.js`);
    const report: DemoReport = {
      findings,
      applied: many,
      held: many,
      leaked: 2,
      session: "20261125-120000-abcdef",
      leftBehind: true,
      log: { holds: false, words: "\u0007".repeat(200) },
      note: "n\u001b",
    };
    const screen = demoScreen(report, { color: false });
    expect(screen).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(screen).toContain("and 49");
    expect(Math.max(...screen.split("\n").map((line) => line.length))).toBeLessThanOrEqual(140);
  });
});
