// The relay of tests as a program: bundled once for a test file, and what its record would say.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { checkout } from "./installation.ts";

/** Bundles mcp-relay-main.ts into the folder; the answer is how it is started in front of a server's command. */
export async function buildRelay(folder: string): Promise<readonly string[]> {
  const outfile = join(folder, "relay.mjs");
  await build({
    entryPoints: [join(checkout, "tests/support/mcp-relay-main.ts")],
    ...{ outfile, bundle: true, platform: "node", format: "esm", target: "node20", conditions: ["source"] },
    logLevel: "warning",
  });
  return [process.execPath, outfile];
}

/** The lines of a trace. */
export function traceLines(file: string): readonly Readonly<Record<string, unknown>>[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
}
