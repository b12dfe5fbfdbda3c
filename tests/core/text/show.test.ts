import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forTerminal, forTerminalJson, forTerminalLines } from "#core/text";

describe("what a person sees", () => {
  it.each([
    ["\u001b[2Jgone", "\\u{1b}[2Jgone"],
    ["a\rb", "a\\u{d}b"],
    ["rm\u202e txt.exe", "rm\\u{202e} txt.exe"],
    ["zero\u200bwidth", "zero\\u{200b}width"],
    ["\u009b31m", "\\u{9b}31m"],
    ["soft\u00adhyphen", "soft\\u{ad}hyphen"],
    ["tag\u{e0041}", "tag\\u{e0041}"],
    ["hangul\u3164filler", "hangul\\u{3164}filler"],
    ["plain text äöü 漢字 😀", "plain text äöü 漢字 😀"],
  ])("%j", (hostile, shown) => {
    expect(forTerminal(hostile)).toBe(shown);
  });
  it("never lets a control or format character through, and is idempotent", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = forTerminal(text);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
        expect(forTerminal(shown)).toBe(shown);
      }),
    );
  });
  it("says how much it left out", () => {
    expect(forTerminal("abcdef", { max: 3 })).toBe("abc… (3 more characters)");
  });
  it("keeps lines and tabs of a longer text, and nothing else", () => {
    expect(forTerminalLines("a\tb\n\u001bc")).toBe("a\tb\n\\u{1b}c");
  });
  it("shows a JSON document as it is, to a person and to a program", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), fc.constantFrom(0, 2), (value, text, indent) => {
        const json = JSON.stringify({ value, text, [text]: "\u009b31m\u202e\u{e0041}" }, undefined, indent);
        const shown = forTerminalJson(json);
        expect(shown.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
        expect(JSON.parse(shown)).toEqual(JSON.parse(json));
      }),
    );
  });
});
