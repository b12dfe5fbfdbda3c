import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { fromJSONSchema } from "zod";
import { policyJsonSchema } from "../../../src/core/policy/schema.ts";

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const published = JSON.parse(read("docs/policy.schema.json"));

describe("the published JSON Schema", () => {
  it("is the one the loader uses (node scripts/policy-schema.mjs writes it)", () => {
    expect(published).toEqual(JSON.parse(JSON.stringify(policyJsonSchema())));
  });

  it("accepts the policy of the design, and by itself refuses what an editor should underline", () => {
    const schema = fromJSONSchema(published);
    expect(schema.safeParse(parse(read("tests/cases/policy/sample.yaml"))).error).toBeUndefined();
    const refused = read("tests/cases/policy/bad.jsonl")
      .split("\n")
      .filter(Boolean)
      .map(
        (line) =>
          JSON.parse(line) as { readonly name: string; readonly text: string; readonly want: readonly [[string]] },
      )
      .filter(({ want: [[code]] }) => code === "policy-unknown-key");
    expect(refused.length).toBeGreaterThan(3);
    for (const { name, text } of refused) expect([name, schema.safeParse(parse(text)).success]).toEqual([name, false]);
  });
});
