// The parts of an import that stand alone: JSON with places, patterns that cross folders, globs, Starlark.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePattern } from "../../../src/core/paths/pattern.ts";
import { covers, overlaps } from "../../../src/core/policy/import/glob.ts";
import { importPolicy } from "../../../src/core/policy/import/import.ts";
import { readJson } from "../../../src/core/policy/import/jsonc.ts";
import { braced, spanning } from "../../../src/core/policy/import/path-pattern.ts";
import { bashRule, splitWords } from "../../../src/core/policy/import/shell-words.ts";
import { readStarlark } from "../../../src/core/policy/import/starlark.ts";
import { readToml } from "../../../src/core/policy/import/toml.ts";
import type { Tree } from "../../../src/core/policy/import/tree.ts";
import { judge } from "../../support/judge.ts";

/** A tree as the value that JSON.parse would give, `__proto__` aside. */
function plainOf(tree: Tree): unknown {
  if (tree.kind === "plain") return tree.value;
  if (tree.kind === "list") return tree.items.map(plainOf);
  return new Map(tree.entries.map(({ key, value }) => [key, plainOf(value)]));
}

function mapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mapped);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, inner]) => [key, mapped(inner)]));
}

const json = fc.jsonValue({ maxDepth: 5, stringUnit: "binary" });

describe("JSON", () => {
  it("reads what JSON.parse reads, however it is indented", () => {
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 2, "\t"), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const tree = readJson("f", text);
        if (!tree.ok) throw new Error(`${tree.error.message}: ${text}`);
        expect(plainOf(tree.value)).toEqual(mapped(JSON.parse(text)));
      }),
      { numRuns: 600 },
    );
  });

  it("refuses what JSON.parse refuses, but for comments and trailing commas", () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom("{", "}", "[", "]", '"', ":", ",", "1", "a", " ", "-", "'", "\n"),
          maxLength: 12,
        }),
        (text) => {
          const tree = readJson("f", text);
          if (!tree.ok) return;
          expect(() => JSON.parse(text.replace(/,(\s*[}\]])/g, " $1"))).not.toThrow();
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("has the places of keys and values, past comments", () => {
    const tree = readJson("f", '\uFEFF{\r\n\t// c\r\n\t"a": /* x */ [1,\n "// no comment",],\n}');
    if (!tree.ok || tree.value.kind !== "map") throw new Error("not read");
    const [entry] = tree.value.entries;
    expect(entry?.at).toEqual({ file: "f", line: 3, column: 2 });
    expect(entry?.value.kind === "list" && entry.value.items[1]).toMatchObject({
      value: "// no comment",
      at: { line: 4, column: 2 },
    });
  });

  it("takes a long key", () => {
    expect(readJson("f", JSON.stringify({ ["k".repeat(3000)]: 1 })).ok).toBe(true);
  });
});

it("TOML has the lines of tables, of their keys, and of what stands in a list", () => {
  const tree = readToml("f", 'a = 1\n[b."c.d"]\ne = [\n  "x",\n  "y",\n]\n[[r]]\nz = """\n[b]\n"""\n[[r]]\nz = 2\n');
  if (!tree.ok) throw new Error(tree.error.message);
  expect(JSON.stringify(tree.value)).toContain('"key":"c.d","at":{"file":"f","line":2');
  expect(JSON.stringify(tree.value)).toContain('{"kind":"plain","at":{"file":"f","line":5,"column":1},"value":"y"}');
  expect(JSON.stringify(tree.value)).toContain('{"kind":"plain","at":{"file":"f","line":12,"column":1},"value":2}');
});

const piece = fc.constantFrom("a", "b", "/", "*", "**", ".x");
const pattern = fc
  .array(piece, { minLength: 1, maxLength: 7 })
  .map((p) => p.join(""))
  .filter((p) => !/^\/|\/\/|\/$/.test(p));
const path = fc
  .array(fc.constantFrom("a", "b", ".x", "ab", "a.x", "aab"), { minLength: 1, maxLength: 5 })
  .map((p) => p.join("/"));

describe("patterns", () => {
  it("a limit whose star crosses folders loses nothing", () => {
    const places = { root: "/w", home: "/h" };
    fc.assert(
      fc.property(pattern, path, (glob, file) => {
        const there = new RegExp(`^${glob.replace(/\./g, "\\.").replace(/\*+/g, ".*")}$`, "s").test(file);
        if (there)
          expect([
            glob,
            file,
            spanning(glob).some((form) => compilePattern(form, places, { caseless: true })(`/w/${file}`)),
          ]).toEqual([glob, file, true]);
      }),
      { numRuns: 20_000 },
    );
  });

  it("braces are written out, and the pattern stays", () => {
    expect(braced("a/{b,c}/{d,e}.x")).toEqual(["a/{b,c}/{d,e}.x", "a/b/d.x", "a/b/e.x", "a/c/d.x", "a/c/e.x"]);
    expect(braced(`${"{a,b}".repeat(40)}`).length).toBeLessThanOrEqual(65);
  });

  it("globs overlap or cover as their texts do", () => {
    const glob = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 6 });
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
    const fits = (g: string, t: string): boolean => new RegExp(`^${g.replaceAll("*", ".*")}$`).test(t);
    fc.assert(
      fc.property(glob, glob, text, (a, b, t) => {
        if (fits(a, t) && fits(b, t)) expect(overlaps(a, b)).toBe(true);
        if (covers(a, b) && fits(b, t)) expect(fits(a, t)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });
});

it("words become a rule for exactly these words", () => {
  const word = fc.string({
    unit: fc.constantFrom("a", "b", "*", "'", '"', "\\", " ", ":", "$", "(", ")", "{", "é"),
    minLength: 1,
    maxLength: 5,
  });
  const quoted = (w: string): string => `'${w.replaceAll("'", "'\\''")}'`;
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 3 }),
      fc.array(word, { minLength: 1, maxLength: 3 }),
      (words, other) => {
        const rule = bashRule(["tool", ...words], true);
        if (rule === undefined) throw new Error("no rule");
        const denied = (w: readonly string[]): boolean =>
          judge(`tool ${w.map(quoted).join(" ")}`, { deny: [rule] }).verdict === "deny";
        expect([rule, denied(words)]).toEqual([rule, true]);
        expect([rule, other, denied(other)]).toEqual([rule, other, words.every((w, i) => other[i] === w)]);
        expect(splitWords(words.map(quoted).join(" "))).toEqual(words);
      },
    ),
    { numRuns: 2000 },
  );
});

describe("Starlark", () => {
  const calls = (text: string) =>
    readStarlark("f", text).map((s) => (s.kind === "call" ? `${s.name}@${s.at.line}` : `?@${s.at.line}`));
  it.each([
    ["f(a=1)\ng(b=2) # c\nh()", ["f@1", "g@2", "h@3"]],
    ["x = 1\nf(a = [1,\n 2], )\n", ["?@1", "f@2"]],
    ["f(a=x)\ng()", ["?@1", "g@2"]],
    ["if True:\n    f()\ng()", ["?@1", "g@3"]],
    ["f(a='''x\n'''\n)\ng()", ["f@1", "g@4"]],
    ["f() + g()\nh()", ["?@1", "h@2"]],
    ["prefix_rule(a=[\nprefix_rule(b=1)\n", ["?@1", "prefix_rule@2"]],
    ["f(a=1, a=2)\ng()", ["?@1", "g@2"]],
    ["f(**k)\n\n\ng()", ["?@1", "g@4"]],
  ])("%j", (text, want) => expect(calls(text)).toEqual(want));
});

describe("a folder to write in", () => {
  it.each(["/", "//", "/home/", "~", "~/", "/etc/.", "/tmp/../etc"])(
    "is not carried over from Codex where it is %s",
    (folder) => {
      const text = `[sandbox_workspace_write]\nwritable_roots = [${JSON.stringify(folder)}]\n`;
      const made = importPolicy("codex", {
        file: "config.toml",
        path: "/home/me/.codex/config.toml",
        text,
        home: "/home/me",
      });
      expect(made.ok && [made.value.text.includes("allowWrite"), made.value.unequal.length]).toEqual([false, 1]);
    },
  );
});
