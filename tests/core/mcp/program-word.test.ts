// What is left out of a command as a secret is never what is started.
import { describe, expect, it } from "vitest";
import { readStart } from "../../../src/core/mcp/start/start.ts";
import { commandTarget, targetKey } from "../../../src/core/mcp/target.ts";

const places = { workspace: "/w", home: "/home/u" };
const key = (line: string): string =>
  targetKey(commandTarget(line.split(" "), places, { seal: (text) => `sealed ${text}` }));

describe("MCP-2: another program is another server", () => {
  it.each([
    "npx -y --x-auth A",
    "npx --access-token A",
    "npm exec --x-auth A",
    "bash -auth A",
    "env -i npx --x-auth A",
    "npx --loglevel silent --x-auth A",
  ])("%s", (line) => {
    expect(key(line)).not.toBe(key(line.replace(/A$/, "B")));
  });

  it.each([
    "npx -y pkg --token A",
    "weather --api-key A",
    "node --enable-source-maps server.js --token A",
    "uvx --from pkg cmd --token A",
    "python -m server --token A",
    "docker run -i --rm image --api-key A",
  ])("another secret is the same server: %s", (line) => {
    expect(key(line)).toBe(key(line.replace(/A$/, "B")));
  });

  it("a program that is called like something of every object counts its folder", () => {
    for (const name of ["constructor", "toString", "valueOf"])
      expect(readStart([name, "x"], () => false).folder).toBe(true);
  });
});
