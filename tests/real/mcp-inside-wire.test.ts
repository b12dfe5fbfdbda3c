// What a client inside a fence may ask for: what is judged of its line is what runs.
import { describe, expect, test } from "vitest";
import { parseWish } from "../../src/monitor/mcp/inside-wire.ts";

const wish = (words: readonly unknown[], more: object = {}): ReturnType<typeof parseWish> =>
  parseWish(new TextEncoder().encode(JSON.stringify({ v: 1, words, cwd: "/w", env: [], ...more })));
const RUN = ["run", "--server", "s", "--", "node", "x.mjs"];

describe("a wish", () => {
  test("names a server, a command, a folder without ways around, and variables", () => {
    expect(wish(RUN, { cwd: "/w/a/../../etc", env: [["K", "v"]] })).toEqual({
      ok: true,
      value: { server: "s", argv: ["node", "x.mjs"], cwd: "/etc", env: { K: "v" } },
    });
  });
  test.each([
    ["a word that ends before its end", ["run", "--server", "s", "--", "git\0x", "push"], {}],
    ["a name that does", ["run", "--server", "s\0t", "--", "git"], {}],
    ["such a folder", RUN, { cwd: "/w\0/x" }],
    ["no folder", RUN, { cwd: 5 }],
    ["such a variable", RUN, { env: [["K", "v\0w"]] }],
    ["another policy", ["run", "--server", "s", "--policy", "/p", "--", "x"], {}],
    ["another command of ours", ["proxy", "--server", "s", "--url", "http://x"], {}],
    ["no command", ["run", "--server", "s"], {}],
  ])("is refused with %s", (_, words, more) => expect(wish(words, more).ok).toBe(false));
  test("for a server over HTTP is refused with what a person can do, and what it names is shown as words", () => {
    const refused = wish([
      "proxy",
      "--server",
      "far",
      "--client",
      "c",
      "--bearer",
      "FAR",
      "--url",
      "https://mcp.example:8443/x",
    ]);
    expect(refused).toMatchObject({
      ok: false,
      error: {
        message: "MCP server `far` is reached over HTTP, and its gateway (`mcp proxy`) works outside of a fence only",
        hint: "outside, `ringfence mcp unwrap --server far` gives the client its own address back, and `ringfence run --allow-domain mcp.example:8443 -- ...` lets it go there by the fence's own rules",
      },
    });
    const odd = wish(["proxy", "--server", "far; rm -rf ~", "--url", "nowhere"]);
    expect(odd).toMatchObject({ ok: false, error: { hint: expect.stringContaining('--server "far; rm -rf ~"') } });
    expect(odd).toMatchObject({ ok: false, error: { hint: expect.stringContaining("--allow-domain HOST") } });
    expect(wish(["proxy"]).ok).toBe(false);
  });
});
