// What a result loses on its way: what nobody sees, what moves a terminal, and secrets; nothing else, and never its shape.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanResult } from "#core/mcp/screen";

const same = (text: string): string => text;
const clean = (value: unknown): unknown => cleanResult(value as never, same).value;

describe("cleanResult", () => {
  it("takes out tags, overrides, joiners of nothing, and whole escapes", () => {
    expect(clean("a\u{e0041}\u{e0042}b\u202ec\u200bd\ufe00e")).toBe("abcde");
    expect(clean("\u001b[31mred\u001b[0m \u001b]8;;https://x.example\u0007link\u001b]8;;\u0007\u0008!")).toBe(
      "red link!",
    );
    expect(clean("\u001b\u001b[31m[31mx")).not.toMatch(/\u001b/);
  });

  it("keeps emoji, flags and scripts that join", () => {
    for (const text of [
      "\u{1f469}\u200d\u{1f4bb}",
      "\u2764\ufe0f",
      "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
      "\u0622\u0628\u200c\u0648\u0647\u0648\u0627",
      "\u0915\u094d\u200d\u0937",
      "caf\u00e9 \u4e2d\u6587\t\n",
    ])
      expect(clean(text)).toBe(text);
  });

  it("gives back the same value when nothing had to go", () => {
    const value = { content: [{ type: "text", text: "ok" }], structuredContent: { n: [1, null, true] } };
    expect(cleanResult(value, same)).toEqual({ value, changed: false });
    expect(cleanResult(value, same).value).toBe(value);
  });

  it("leaves what must come back byte for byte, and bytes of pictures", () => {
    const value = {
      requestState: "a\u200b",
      nextCursor: "b\u200b",
      content: [{ type: "image", data: "c\u200b", mimeType: "image/png" }],
    };
    expect(cleanResult(value, () => "x").value).toMatchObject({
      requestState: "a\u200b",
      nextCursor: "b\u200b",
      content: [{ data: "c\u200b" }],
    });
  });

  it("redacts in values, never in shape", () => {
    const value = { structuredContent: { key: "s3cret", list: ["s3cret", 3] } };
    expect(cleanResult(value, (text) => text.replaceAll("s3cret", "[x]"))).toEqual({
      value: { structuredContent: { key: "[x]", list: ["[x]", 3] } },
      changed: true,
    });
  });

  it("keeps keys apart that differ in what nobody sees, and takes secrets out of keys", () => {
    expect(clean({ "a\u200b1": 1, "a\u200c1": 2 })).toEqual({ a1: 1, "a1 (2)": 2 });
    expect(cleanResult({ env: { "tok-9": "x" } }, (text) => text.replaceAll("tok-9", "[x]")).value).toEqual({
      env: { "[x]": "x" },
    });
  });

  it("does the same thing once as twice, and never halves a pair", () => {
    const odd = fc.constantFrom(
      "\u001b",
      "[",
      "3",
      "1",
      "m",
      "]",
      "\u0007",
      "\u200d",
      "\u{1f469}",
      "\ufe0f",
      "\u{e0041}",
      "\u202e",
      "a",
      "\u0628",
      "\u{1f3f4}",
      "\u{e007f}",
      "\u0e01",
      "\u200b",
    );
    fc.assert(
      fc.property(fc.array(odd, { maxLength: 24 }), (parts) => {
        const once = clean(parts.join("")) as string;
        expect(clean(once)).toBe(once);
        expect(once).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
      }),
    );
  });
});
