// The strict reader against the engine's own: whatever both read means the same, and what only the engine reads is one of the known differences.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExactNumber, type Json, readJson, readJsonText, WIRE_LIMITS, writeJson } from "#core/mcp";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function code(text: string): string {
  const read = readJsonText(text);
  return read.ok ? "read" : read.error.code;
}

describe("what is refused", () => {
  const refused: readonly (readonly [string, string])[] = [
    ['{"a":1,"a":2}', "duplicate-key"],
    ['{"a":1,"\\u0061":2}', "duplicate-key"],
    ['[{"x":{"b":[],"c":0,"b":1}}]', "duplicate-key"],
    ['{"__proto__":1,"__proto__":2}', "duplicate-key"],
    ['"\\ud800"', "lone-surrogate"],
    ['"\\udc00\\ud800"', "lone-surrogate"],
    ['"\\ud800\\u0041"', "lone-surrogate"],
    ['{"\\ud83d":1}', "lone-surrogate"],
    ["[".repeat(100_000), "too-deep"],
    ['{"a":'.repeat(100_000), "too-deep"],
    ["\ufeff{}", "not-json"],
    ["{} {}", "not-json"],
    ["", "not-json"],
    [" ", "not-json"],
    ["NaN", "not-json"],
    ["[Infinity]", "not-json"],
    ["-", "not-json"],
    ["01", "not-json"],
    ["1.", "not-json"],
    [".5", "not-json"],
    ["+1", "not-json"],
    ["[1,]", "not-json"],
    ["[,1]", "not-json"],
    ['{"a":1,}', "not-json"],
    ["{a:1}", "not-json"],
    ["{'a':1}", "not-json"],
    ['{"a" 1}', "not-json"],
    ["[1 2]", "not-json"],
    ["[1}", "not-json"],
    ['{"a":1]', "not-json"],
    ["[", "not-json"],
    ['{"a"', "not-json"],
    ['"a', "not-json"],
    ['"\t"', "not-json"],
    ['"\\x41"', "not-json"],
    ['"\\', "not-json"],
    ['"\\u12', "not-json"],
    ['"\\u12g4"', "not-json"],
    ["truex", "not-json"],
    ["/**/1", "not-json"],
    ["\u00a01", "not-json"],
    ["\u20281", "not-json"],
  ];
  test.each(refused)("%s: %s", (text, want) => expect(code(text)).toBe(want));

  test("bytes that are no UTF-8, and too many", () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0xef, 0xbb],
    ])
      expect(readJson(Uint8Array.from(bytes))).toEqual({ ok: false, error: { code: "not-utf8", at: 0 } });
    expect(readJson(utf8("[1]"), { ...WIRE_LIMITS, maxBytes: 2 })).toEqual({
      ok: false,
      error: { code: "too-long", at: 0 },
    });
  });

  test("the depth is exact", () => {
    const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
    expect(code(deep(128))).toBe("read");
    expect(code(deep(129))).toBe("too-deep");
  });
});

describe("what is kept", () => {
  test.each([
    '{"a":12345678901234567890,"b":[1e400,-0,1.0,0.1,1E5],"__proto__":{"x":1},"c":"\\u2028\\ud83d\\ude00"}',
    '[{"constructor":1.50,"toString":[[]],"1":{},"0":{"":null}},true,false,null]',
  ])("%s is written as it was read", (text) => {
    const read = readJsonText(text);
    expect(read.ok).toBe(true);
    if (!read.ok) return;
    const again = readJsonText(writeJson(read.value));
    expect(again).toEqual(read);
    const numbers = (json: string) =>
      json
        .replaceAll(/"(?:[^"\\]|\\.)*"/g, "")
        .match(/[-0-9.eE+]+/g)
        ?.sort();
    expect(numbers(writeJson(read.value))).toEqual(numbers(text));
  });

  test("a long text beside an exact number is read whole", () => {
    for (const text of [`${"a".repeat(12 << 20)}`, "\\n".repeat(4 << 20), '\\"'.repeat(4 << 20)]) {
      const read = readJsonText(`{"n":1.0,"text":"${text}"}`);
      expect(read.ok && (read.value as { text: string }).text === JSON.parse(`"${text}"`)).toBe(true);
    }
  });

  test("a key named __proto__ is a key", () => {
    const read = readJsonText('{"__proto__":{"polluted":1.0}}');
    expect(read.ok && Object.keys(read.value as object)).toEqual(["__proto__"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

/** The value with its exact numbers as the engine would have read them. */
function rounded(value: Json): unknown {
  if (value instanceof ExactNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rounded(member)]));
}

describe("beside the engine", () => {
  test("every JSON that it writes is read as the same value", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        const read = readJsonText(text);
        expect(read.ok && rounded(read.value)).toEqual(JSON.parse(text));
      }),
    );
  });

  test("a text near JSON is read by both or by neither, but for what is refused on purpose", () => {
    const piece = fc.constantFrom(
      ...'{}[]:," \n\t\\0123-+.eE'.split(""),
      '"a"',
      '"b"',
      '"\\u0061"',
      "true",
      "null",
      "1e3",
      "\\ud800",
      "é",
    );
    const near = fc.array(piece, { maxLength: 14 }).map((parts) => parts.join(""));
    const mutated = fc.tuple(fc.json({ maxDepth: 3 }), fc.nat(), piece).map(([text, at, cut]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + cut + text.slice(place + (at % 3));
    });
    fc.assert(
      fc.property(fc.oneof(near, mutated), (text) => {
        let engine: unknown = text;
        let read = true;
        try {
          engine = JSON.parse(text);
        } catch {
          read = false;
        }
        const ours = readJsonText(text);
        if (ours.ok) {
          expect(read).toBe(true);
          expect(rounded(ours.value)).toEqual(engine);
        } else if (read) expect(["duplicate-key", "lone-surrogate"]).toContain(ours.error.code);
      }),
      { numRuns: 3000 },
    );
  });
});
