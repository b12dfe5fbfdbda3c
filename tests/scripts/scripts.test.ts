// Every tests/scripts/*.txt is a test, as root and as an ordinary user. What a script may say: tests/support/script.ts.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";
import { runScript, typistsOf } from "../support/script.ts";

const folder = dirname(fileURLToPath(import.meta.url));

for (const name of readdirSync(folder).filter((name) => name.endsWith(".txt"))) {
  const text = readFileSync(join(folder, name), "utf8");
  describe(name, () => {
    for (const typist of typistsOf(text)) test(`as ${typist}`, (context) => runScript(context, text, typist));
  });
}
