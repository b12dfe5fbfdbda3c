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

test("wishes without end that nobody grants are a few lines with counts; what is granted has a line each", async () => {
  const bed = await portsBed({});
  for (let n = 0; n < 1_000; n += 1)
    expect(await bed.wish("sampling/createMessage", { messages: [], n })).toMatchObject({ verdict: "deny" });
  const denied = bed.records().filter(({ type }) => type === "mcp.request");
  expect(denied).toHaveLength(32 + 4);
  expect(denied.slice(-2).map(({ data }) => data["count"])).toEqual([128, 256]);
  for (let n = 0; n < 40; n += 1) await bed.wish("roots/list");
  expect(bed.records().filter(({ type }) => type === "mcp.request")).toHaveLength(36 + 40);
});
