import { describe, expect, it } from "vitest";
import { compilePattern, couldMatchBelow } from "#core/paths";

const places = { root: "/work", home: "/home/me" };
const matches = (text: string, path: string): boolean => compilePattern(text, places, { caseless: false })(path);

describe("a path pattern", () => {
  it.each([
    ["./a", "/work/a", true],
    ["./a", "/work/sub/a", false],
    ["a", "/work/sub/a", true],
    ["a/", "/elsewhere/a/b", true],
    ["a/b", "/work/a/b/c", true],
    ["a/b", "/work/x/a/b", false],
    ["/a", "/work/a", true],
    ["//etc/*", "/etc/hosts", true],
    ["//etc/*", "/etc", false],
    ["//etc/*", "/etc/ssl/x", true],
    ["~/.ssh", "/home/me/.ssh/id", true],
    ["~", "/home/me/x", true],
    ["**/.env*", "/work/a/b/.env.local", true],
    ["src/**/x", "/work/src/x", true],
    ["src/**/x", "/work/src/a/b/x", true],
    ["*.ts", "/work/a/b.ts", true],
    ["a?c", "/work/abc", true],
    ["[ab]c", "/work/bc", true],
    ["[!ab]c", "/work/bc", false],
    ["../b", "/b", true],
    ["../b", "/work/b", false],
    ["..", "/x", true],
    ["./sub/../b", "/work/b", true],
    ["a.b", "/work/axb", false],
    ["A", "/work/a", false],
    ["**/*.{pem,key}", "/work/x/a.key", true],
    ["**/*.{pem,key}", "/work/x/a.kex", false],
    ["./{a/b,c}/d", "/work/a/b/d", true],
    ["./{a,{b,c}}", "/work/c", true],
    ["./{a}", "/work/{a}", true],
  ])("%s on %s: %s", (text, path, want) => {
    expect(matches(text, path)).toBe(want);
  });

  it("ignores case only where it takes away", () => {
    expect(compilePattern("./A", places, { caseless: true })("/work/a")).toBe(true);
  });

  it.each([
    ["./secret/**", "/work", true],
    ["./secret/**", "/work/secret", true],
    ["./secret/**", "/work/src", false],
    ["./a/b/c", "/work/a", true],
    ["./a/b/c", "/work/a/b/c/d", true],
    ["./a/b/c", "/work/a/x", false],
    [".env", "/work/src", true],
    ["//etc/*", "/home", false],
    ["~/x", "/home", true],
    ["./S*/x", "/work/src", true],
    ["./{a,b}/x", "/work/b", true],
    ["./{a,b}/x", "/work/c", false],
  ])("%s could match below %s: %s", (text, folder, want) => {
    expect(couldMatchBelow(text, places)(folder)).toBe(want);
  });
});

describe("a pattern of a stranger's", () => {
  it.each([
    [`./${"*a".repeat(20)}*b`, `/work/${"a".repeat(200)}`],
    [`./${"**/".repeat(20)}b`, `/work/${"a/".repeat(200)}c`],
    [`./${"**/*a*a/".repeat(6)}b`, `/work/${"aaaa/".repeat(100)}c`],
  ])("takes no longer than its text: %s", (pattern, path) => {
    expect(compilePattern(pattern, places, { caseless: true })(path)).toBe(false);
  });

  it.each(["./[z-a]", "./[a-\\d]", "./[a-z&&b]", "./[^]", "./[--a]", "./[!]", "./[]]", "./[\\]", "./[a-]", "./[|]"])(
    "always compiles: %s",
    (pattern) => {
      expect(() => compilePattern(pattern, places, { caseless: true })("/work/a")).not.toThrow();
      expect(() => couldMatchBelow(pattern, places)("/work/a")).not.toThrow();
    },
  );
});
