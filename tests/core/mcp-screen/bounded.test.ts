// Screening ends: whatever a pattern likes least, 128 KiB of it. A pattern that went wild would not end before the test's own limit.
import { describe, expect, it } from "vitest";
import { cleanResult, screenDefinition, screenElicitation, screenResult } from "#core/mcp/screen";

const LENGTH = 1 << 17;
const UNITS: readonly string[] = [
  "a",
  " ",
  "\n",
  "\n ",
  "A",
  "/",
  "../",
  ".",
  "<",
  "<a",
  "![",
  "![a](https://a/",
  '"',
  "`a",
  "%41",
  "\\u0041",
  "&#65;",
  "=",
  "a@",
  "a.",
  "a-",
  "_a",
  "a_b ",
  "\u200b",
  "\u{e0041}",
  "\ufe00",
  "\u001b[",
  "\u001b]",
  "do not ",
  "read send ",
  "ignore previous ",
  "1a",
  "a ",
  "b.a.",
  "curl ",
  "curl | ",
  "nc -e ",
  "00",
  "01010101 ",
  "65 ",
  "AbC1",
  "AbC1 ",
  "\u0430a",
  "\u4e0d\u8981",
  "Human: a\n",
  "<!-- ",
  "$(",
  "{{",
  "the user ",
  "\u0301",
  "dnes resu ",
  "gur naq ",
  "a:b,",
  "-----BEGIN ",
];

describe("a long text", () => {
  it.each(UNITS.map((unit) => [JSON.stringify(unit), unit]))(
    "of %s",
    (_, unit) => {
      const text = unit.repeat(Math.ceil(LENGTH / unit.length));
      screenDefinition("s", { name: "t", description: text, inputSchema: { type: "object", properties: {} } }, []);
      screenResult("s", { content: [{ type: "text", text }] });
      screenElicitation({
        message: text.slice(0, 100_000),
        requestedSchema: { type: "object", properties: { x: { type: "string" } } },
      });
      expect(typeof cleanResult(text, (plain) => plain).value).toBe("string");
    },
    20_000,
  );
});
