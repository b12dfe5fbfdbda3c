// Secret files: by name, by content, and what only looks like one.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { holdsSecret, secretSuspicion } from "#core/paths";

interface Case {
  readonly path: string;
  /** First bytes; only asked where the name alone does not decide. */
  readonly head?: string;
  readonly want: "masked" | "seen";
}

const table = readFileSync(new URL("../../cases/secret/files.jsonl", import.meta.url), "utf8");
const cases: readonly Case[] = table
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

describe("secret files", () => {
  it.each(cases)("$want: $path $head", ({ path, head, want }) => {
    const suspicion = secretSuspicion(path);
    const isSecret = suspicion !== undefined && holdsSecret(suspicion, head ?? "");
    expect(isSecret ? "masked" : "seen").toBe(want);
  });
});
