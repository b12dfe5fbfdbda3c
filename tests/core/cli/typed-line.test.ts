// What a person types at a question: a word and Enter is an answer, anything a hand would not send is odd.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { typeInto } from "../../../src/cli/typed-line.ts";

describe("typeInto", () => {
  it.each([
    ["", "yes\r", { kind: "line", text: "yes" }],
    ["ye", "s\n", { kind: "line", text: "yes" }],
    ["", "\r", { kind: "line", text: "" }],
    ["", "yez\u007fs\r", { kind: "line", text: "yes" }],
    ["nonsense", "\u0015yes", { kind: "open", text: "yes" }],
    ["", "\b\b", { kind: "open", text: "" }],
    ["", "yes\ryes\r", { kind: "odd", why: "several lines at once" }],
    ["", "\u0003", { kind: "odd", why: "interrupted" }],
    ["", "\u0004", { kind: "odd", why: "end of input" }],
    ["", "\u001b[200~yes\r\u001b[201~", { kind: "odd", why: "a key that is no letter, or a paste" }],
    ["", "\u001b[A", { kind: "odd", why: "a key that is no letter, or a paste" }],
    ["", "y\u00e9s\r", { kind: "odd", why: "a key that is no letter, or a paste" }],
    ["", "y".repeat(25), { kind: "odd", why: "more than a word" }],
  ])("%j and then %j", (text, read, want) => {
    expect(typeInto(text, read)).toEqual(want);
  });

  it("is total, and a line never holds more than letters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (read) => {
        const typed = typeInto("", read);
        if (typed.kind !== "odd") expect(typed.text).toMatch(/^[ -~]{0,24}$/);
      }),
    );
  });
});
