// What a live apply left: told from a person's edit, from new work, and from what never was.
import { describe, expect, test } from "vitest";
import { type Change, isLeft, judgeChanges, leftOf } from "#core/review";

const file = (digest: string, mode = 0o644) => ({ type: "file", mode, size: 1, digest }) as const;
const host = (digest: string) => ({ ...file(digest), stamp: "s", changedMs: 2_000, uid: 1, gid: 1 });
const plain = { oddName: false, masked: false } as const;

describe("left states", () => {
  test("an entry is what was left by content, kind and nine bits", () => {
    const left = leftOf({ kind: "modify", after: file("a") });
    expect(isLeft(file("a"), left)).toBe(true);
    expect(isLeft(file("a", 0o100644), left)).toBe(true);
    expect(isLeft(file("b"), left)).toBe(false);
    expect(isLeft(file("a", 0o755), left)).toBe(false);
    expect(isLeft(undefined, left)).toBe(false);
    expect(isLeft(undefined, leftOf({ kind: "delete" }))).toBe(true);
    expect(
      isLeft(
        { type: "link", mode: 0o777, size: 1, target: "x" },
        leftOf({ kind: "add", after: { type: "link", mode: 0o777, size: 1, target: "y" } }),
      ),
    ).toBe(false);
  });

  test("only what stood nowhere before is the session's alone", () => {
    expect(leftOf({ kind: "add", after: file("a") })).toMatchObject({ made: true });
    expect(leftOf({ kind: "type", after: file("a") })).not.toHaveProperty("made");
    expect(leftOf({ kind: "mode", after: file("a") })).not.toHaveProperty("made");
  });
});

describe("the gate during and after a live apply", () => {
  const judge = (changes: readonly Change[], lostBefore = 0) =>
    judgeChanges(
      { changes, bareRepositories: [], losses: [], hostFiles: 100, lostBefore },
      { root: "/w", startedMs: 1_000, denied: () => false, alsoProtected: [] },
    ).map(({ held }) => held?.code);

  test("goes on with the session's own file, and holds a person's", () => {
    const change: Change = { ...plain, path: "f", kind: "modify", before: host("a"), after: file("b") };
    expect(judge([change, { ...change, ours: true }, { ...change, ours: true, differs: true }])).toEqual([
      "host-moved",
      undefined,
      "host-moved",
    ]);
    expect(judge([{ ...plain, path: "gone", kind: "add", after: file("b"), differs: true }])).toEqual(["host-moved"]);
  });

  test("counts what was deleted before, and not what the session made itself", () => {
    const gone = (path: string): Change => ({ ...plain, path, kind: "delete", before: host("a"), ours: true });
    expect(judge([gone("a")], 24)).toEqual([undefined]);
    expect(judge([gone("a")], 25)).toEqual(["mass-deletion"]);
    const own = Array.from({ length: 40 }, (_, at) => ({ ...gone(`t${at}`), made: true }));
    expect(new Set(judge(own, 20))).toEqual(new Set([undefined]));
  });
});
