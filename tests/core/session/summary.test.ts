import { describe, expect, it } from "vitest";
import { duration, type Outcome, summaryLines } from "#core/session";

const quiet: Outcome = {
  session: "20261125-151900-079dcb",
  exitCode: 0,
  durationMs: 240,
  workspace: { root: "/w", kind: "overlay" },
  runtime: { name: "process", isolation: "process", lacks: {} },
  applied: ["a"],
  held: [],
  notices: [],
  reached: [],
  refused: [],
  refusedPaths: [],
  exposed: [],
  untrusted: [],
  masked: [],
  limits: [{ limit: "memory", most: 4, by: "cgroup v2" }],
  log: { dir: "/s", size: 5, root: "00" },
};

describe("the summary", () => {
  it("is three lines when nothing happened", () => {
    expect(summaryLines(quiet)).toEqual([
      "ringfence: exit 0 after 0.2 s",
      "  files    1 applied, 0 held",
      "  log      20261125-151900-079dcb, 5 records: ringfence log verify 20261125-151900-079dcb",
    ]);
  });
  it("says where it ran when that is not the ordinary place, and what does not hold there", () => {
    const runtime = { name: "gvisor", isolation: "user-kernel", lacks: { recorder: "…", landlock: "…" } };
    expect(summaryLines({ ...quiet, runtime })).toContain(
      "  runtime  gvisor (user-kernel), without: recorder, landlock",
    );
  });
  it("names what was held, refused and exposed, escaped", () => {
    const lines = summaryLines({
      ...quiet,
      limit: "timeout",
      held: [{ path: "x\u001b[31m", reason: "protected-path" }],
      refused: [{ host: "evil.test", port: 443, count: 3, reason: "no-rule", hint: "type this" }],
      exposed: ["TOKEN"],
    }).join("\n");
    expect(lines).toContain("stopped by the timeout limit");
    expect(lines).toContain("held  x\\u{1b}[31m  (protected-path)");
    expect(lines).toContain("refused  evil.test:443 ×3  (no-rule)\n           type this");
    expect(lines).toContain("exposed  TOKEN");
  });
  it("says of each kind of refusal what to type, once", () => {
    const refusal = (host: string, reason: string, hint: string) => ({ host, port: 443, count: 1, reason, hint });
    const refused = [
      refusal("a", "no-rule", "open a"),
      refusal("b", "denied", "a deny"),
      refusal("c", "no-rule", "open c"),
    ];
    expect(summaryLines({ ...quiet, refused }).slice(2, -1)).toEqual([
      "  refused  a:443  (no-rule)",
      "  refused  c:443  (no-rule)",
      "           open a",
      "  refused  b:443  (denied)",
      "           a deny",
    ]);
  });
  it.each([
    [0, "0.0 s"],
    [9_940, "9.9 s"],
    [42_000, "42 s"],
    [200_000, "3 min 20 s"],
    [3_900_000, "1 h 5 min"],
  ])("%d ms is %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
