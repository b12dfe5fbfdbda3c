// What words weigh is learned from the tables, and from nothing else: learned again, it is the same. `npx vitest run -u` on this file writes it anew.
import { expect, it } from "vitest";
import { learn } from "../../support/learn-weights.ts";
import { readExamples } from "../../support/screen-examples.ts";

it("the weights are those of the tables", { timeout: 400_000 }, async () => {
  const { bias, signs } = learn(readExamples());
  const lines = Object.entries(signs).map(
    ([sign, [weight, rarity]]) => `${JSON.stringify(sign)}:[${weight},${rarity}]`,
  );
  const text = `{"bias":${bias},"signs":{\n${lines.join(",\n")}\n}}\n`;
  await expect(text).toMatchFileSnapshot("../../../src/core/mcp/screen/weights.json");
});
