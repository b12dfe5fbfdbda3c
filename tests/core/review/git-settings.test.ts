// Which settings of a repository come back, key by key.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GitSettings, judgeGitSettings } from "#core/review";

interface Case {
  readonly why: string;
  readonly key: string;
  readonly values: readonly string[];
  readonly want: "merge" | "held";
  /** `host`: the host has a repository with `origin`; `new`: it has none; `clone`: none, and the session cloned one. */
  readonly base: "host" | "new" | "clone";
  readonly git?: string;
  /** What else the session set. */
  readonly beside?: Readonly<Record<string, readonly string[]>>;
}

const ORIGIN: GitSettings = new Map([
  ["core.bare", ["false"]],
  ["remote.origin.url", ["https://h.example/r"]],
  ["remote.origin.fetch", ["+refs/heads/*:refs/remotes/origin/*"]],
  ["branch.main.remote", ["origin"]],
  ["branch.main.merge", ["refs/heads/main"]],
]);

const table = readFileSync(new URL("../../cases/git-settings/keys.jsonl", import.meta.url), "utf8");
const cases: readonly Case[] = table
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

describe("git settings", () => {
  it.each(cases)("$want ($base): $key = $values ($why)", ({ key, values, want, base, git = ".git", beside = {} }) => {
    const after = new Map([...(base === "new" ? [] : ORIGIN), ...Object.entries(beside)]);
    if (values.length === 0) after.delete(key);
    else after.set(key, values);
    const verdict = judgeGitSettings(base === "host" ? ORIGIN : undefined, after, git);
    const merged = verdict.merge.some((setting) => setting.key === key);
    expect({ merged, held: verdict.held.includes(key) }).toEqual({ merged: want === "merge", held: want === "held" });
  });

  it("are all either merged, held, or the same, and the same file changes nothing", () => {
    const settings = fc
      .array(
        fc.tuple(
          fc.stringMatching(/^[a-z]{1,6}(\.[^\0\n]{1,5})?\.[a-z]{1,8}$/),
          fc.array(fc.string(), { minLength: 1 }),
        ),
      )
      .map((entries): GitSettings => new Map(entries));
    fc.assert(
      fc.property(settings, settings, (before, after) => {
        const { merge, held } = judgeGitSettings(before, after, ".git");
        const changed = new Set(
          [...before.keys(), ...after.keys()].filter(
            (key) => before.get(key)?.join("\0") !== after.get(key)?.join("\0"),
          ),
        );
        expect(merge.length + held.length).toBe(changed.size);
        expect(judgeGitSettings(after, after, ".git")).toEqual({ merge: [], held: [] });
      }),
    );
  });
});
