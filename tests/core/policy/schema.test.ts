import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { policyJsonSchema } from "../../../src/core/policy/schema.ts";

it("the published JSON Schema is the one the loader uses (node scripts/policy-schema.mjs writes it)", () => {
  const published: unknown = JSON.parse(
    readFileSync(new URL("../../../docs/policy.schema.json", import.meta.url), "utf8"),
  );
  expect(published).toEqual(JSON.parse(JSON.stringify(policyJsonSchema())));
});
