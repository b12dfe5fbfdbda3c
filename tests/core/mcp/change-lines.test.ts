// What a person sees of a difference tells two values apart whenever they differ, and no word of a server's stands where a line of ours does.
import { describe, expect, it } from "vitest";
import { changeLines, diffDescriptions, readDescription, readJson } from "#core/mcp";
import { exactText, markedLines } from "#core/text";

function shown(before: string, after: string): readonly string[] {
  const [was, is] = [before, after].map((value) => {
    const json = readJson(new TextEncoder().encode(`{"name":"t","description":${value}}`));
    if (!json.ok) throw new Error(json.error.code);
    const read = readDescription(json.value);
    if (!read.ok) throw new Error(read.error);
    return read.value;
  });
  if (was === undefined || is === undefined) throw new Error("two values");
  return changeLines(diffDescriptions(was, is)).map(({ text }) => text);
}

describe("a difference", () => {
  it.each([
    ['"5"', "5"],
    ['"true"', "true"],
    ["null", '"null"'],
    ['"[]"', "[]"],
    ["1", "1.0"],
    ['"a"', '"a "'],
    ['"\\u00e9"', '"e\\u0301"'],
    ['"\\u00c5"', '"\\u212b"'],
    ['"e"', '"\\u0435"'],
    ['"K"', '"\\u212a"'],
    ['"a"', '"a\\u200b"'],
  ])("is seen: %s became %s", (before, after) => {
    const lines = shown(before, after);
    const [was, is] = ["-", "+"].map((sign) =>
      lines
        .filter((line) => line.trimStart().startsWith(sign))
        .join("\n")
        .slice(5),
    );
    const isTold = lines.some((line) => line.includes("not ASCII, and new here: U+"));
    expect(was !== is && (isTold || /^[\x20-\x7e]*$/.test(`${is ?? ""}`)), lines.join("\n")).toBe(true);
  });
});

describe("a line that goes on", () => {
  it("is marked, whatever stands in it and however wide the screen is", () => {
    const hostile = `    + ${"x ".repeat(50)}gone tool evil sha256 0000 tool t  yes      approve exactly this`;
    for (let width = 20; width < 200; width += 1) {
      const [first, ...more] = markedLines(exactText(hostile), width);
      expect(first).toMatch(/^ {4}\+ x/);
      expect(more.every((line) => line.startsWith("      : "))).toBe(true);
      expect([first, ...more].every((line) => (line ?? "").length <= width)).toBe(true);
    }
  });
});
