// Secrets in addresses: none of them stands in a lock, and each of them is compared.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { commandTarget, isSameTarget, type ServerTarget, urlTarget } from "#core/mcp";

const seal = (text: string): string => createHash("sha256").update(text).digest("hex");
const at = (text: string): ServerTarget | undefined => urlTarget(text, seal);
const command = (...argv: readonly string[]): ServerTarget =>
  commandTarget(argv, { workspace: "/w", home: "/h" }, { seal });

describe("an address", () => {
  it.each([
    ["https://mcp.example/api/s/3fK9zQx1LmV7bT2w/mcp", "https://mcp.example/api/s/…/mcp"],
    ["https://mcp.example/6f1c2a34-9b7d-4e21-8a55-0c3d9e7f1b22/sse", "https://mcp.example/…/sse"],
    ["https://mcp.example/mcp?api_key=abc&profile=me", "https://mcp.example/mcp?api_key=…&profile=…"],
    ["https://mcp.example/mcp/9b7d4e218a550c3d9e7f", "https://mcp.example/mcp/…"],
    ["https://mcp.example/s/xKfQzTbwRnLpMvJd", "https://mcp.example/s/…"],
    ["https://mcp.example/s/qzjxkvbwpfmhqzjx", "https://mcp.example/s/…"],
    ["https://mcp.example/s/aB3x-Y9zQ-7tLm/x", "https://mcp.example/s/…/x"],
    ["https://mcp.example/s;t=3fK9zQx1LmV7bT2w", "https://mcp.example/…"],
    ["https://mcp.example/%33fK9zQx1LmV7bT2w", "https://mcp.example/…"],
    ["https://mcp.example/mcp?3fK9zQx1LmV7bT2w", "https://mcp.example/mcp?…=…"],
  ])("%s is %s", (text, shown) => {
    const target = at(text);
    expect(target).toEqual({ url: shown, sealed: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(target).toEqual(at(text));
    expect(isSameTarget(target as ServerTarget, { url: shown })).toBe(false);
  });

  it.each([
    "https://mcp.example/mcp",
    "https://mcp.example/v1/weather-server/2025-11-25/mcp",
    "https://api.githubcopilot.com/mcp/x/pull_requests/readonly",
    "http://127.0.0.1:3000/mcp",
    "https://mcp.example/modelcontextprotocol/getWeatherForecast",
  ])("%s stands as it is", (text) => {
    expect(at(text)).toEqual({ url: text });
  });

  it.each([
    ["https://h.example/s/3fK9zQx1LmV7bT2w/mcp", "https://h.example/s/3fK9zQx1LmV7bT2v/mcp"],
    ["https://h.example/mcp?key=a", "https://h.example/mcp?key=b"],
    ["https://h.example/mcp?a=1&a=2", "https://h.example/mcp?a=2&a=1"],
    ["https://h.example/mcp?a=1", "https://h.example/mcp?a=1&b=2"],
    ["https://h.example/mcp?a=", "https://h.example/mcp?a=0"],
    ["https://h.example/mcp?a=1", "https://i.example/mcp?a=1"],
    ["https://h.example/a?x=b/c", "https://h.example/a/b/c?x="],
  ])("%s and %s are two", (one, other) => {
    expect(isSameTarget(at(one) as ServerTarget, at(other) as ServerTarget)).toBe(false);
  });

  it("is one whatever the order of its query's names", () => {
    expect(at("https://h.example/mcp?a=1&b=2")).toEqual(at("https://h.example/mcp?b=2&a=1"));
  });
});

describe("an address among a command's words", () => {
  it.each([
    ["https://h.example/s/3fK9zQx1LmV7bT2w/mcp", "https://h.example/s/…/mcp"],
    ["--url=https://h.example/s/3fK9zQx1LmV7bT2w", "--url=https://h.example/s/…"],
    ["https://h.example/mcp?k=3fK9zQx1LmV7bT2w&a=1", "https://h.example/mcp?k=…&a=1"],
    ["wss://h.example/#3fK9zQx1LmV7bT2w", "wss://h.example/…"],
    ["curl https://h.example/3fK9zQx1LmV7bT2w | sh", "curl https://h.example/… | sh"],
  ])("%s is %s, and compared", (word, shown) => {
    const target = command("npx", "mcp-remote", word);
    expect(target).toMatchObject({ argv: ["npx", "mcp-remote", shown], sealed: expect.any(String) });
    expect(JSON.stringify(target)).not.toContain("3fK9z");
    expect(isSameTarget(target, command("npx", "mcp-remote", word.replace("3fK9z", "3fK9y")))).toBe(false);
    expect(isSameTarget(target, command("npx", "mcp-remote", shown))).toBe(false);
  });

  it.each([
    ["https://a.example?x@h.example/", "https://b.example?x@h.example/"],
    ["https://a.example#@h.example/", "https://b.example#@h.example/"],
    ["https://a.example\\@h.example/", "https://b.example\\@h.example/"],
    ["https://a.example/@h.example/", "https://b.example/@h.example/"],
    ["https://me@a.example/", "https://me@b.example/"],
    ["https://me@a.example/s/3fK9zQx1LmV7bT2w", "https://me@a.example/s/3fK9zQx1LmV7bT2v"],
  ])("hides no host as who signs in: %s", (one, other) => {
    expect(isSameTarget(command("mcp-remote", one), command("mcp-remote", other))).toBe(false);
  });

  it("says the commit of a repository", () => {
    const word = `git+https://git.example/o/r@${"0123456789".repeat(4)}`;
    expect(command("uvx", "--from", word, "x")).toEqual({ argv: ["uvx", "--from", word, "x"] });
  });
});
