// Writes docs/policy.schema.json from the schema the loader uses; `tests/core/policy/schema.test.ts` checks that it is current.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const folder = await mkdtemp(join(tmpdir(), "policy-schema-"));
try {
  const outfile = join(folder, "schema.mjs");
  await build({
    entryPoints: ["src/core/policy/schema.ts"],
    bundle: true,
    platform: "neutral",
    mainFields: ["module", "main"],
    format: "esm",
    outfile,
  });
  const { policyJsonSchema } = await import(outfile);
  await writeFile("docs/policy.schema.json", `${JSON.stringify(policyJsonSchema(), undefined, 2)}\n`);
} finally {
  await rm(folder, { recursive: true });
}
