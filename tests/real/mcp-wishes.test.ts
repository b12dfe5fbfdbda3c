// What a server wants of its client and does not get: why, in words that are not the server's, and a flood of it.
import { expect, test } from "vitest";
import { portsBed } from "../support/mcp-ports-bed.ts";

test("an address that plays another one is refused with plain words, and none of its own", async () => {
  const bed = await portsBed({ answers: ["allow"] });
  const lookalike = { mode: "url", url: "https://paypal.com.obey.example/", message: "x" };
  const refused = (await bed.wish("elicitation/create", lookalike)) as { readonly text: string };
  expect(refused.text).toMatch(/link-lookalike-host: it has an address that looks like a well-known one/);
  expect(refused.text).not.toContain("obey");
  expect(bed.told.at(-1)).toMatch(/elicitation\/create refused: .*looks like a well-known one/);
});
