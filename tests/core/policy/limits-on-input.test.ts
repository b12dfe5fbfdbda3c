// Path rules bind the tools of MCP servers as far as their input names a path.
import { expect, it } from "vitest";
import { compileRules, decide } from "#core/policy";

const facts = { root: "/work", home: "/home/me" };
const at = { file: "p.yaml", line: 1, column: 1 };
const texts = (...list: string[]) => list.map((text) => ({ text, at, layer: "user" as const }));

function verdict(input: unknown, ...deny: string[]): string {
  const rules = compileRules({ allow: texts("mcp__files"), ask: [], deny: texts(...deny) }, facts);
  if (!rules.ok) throw new Error(JSON.stringify(rules.error));
  return decide(
    { rules: rules.value, mode: "default", facts },
    { kind: "mcp", server: "files", tool: "read_file", input },
  ).verdict;
}

it.each([
  [{ path: ".env" }, "ask"],
  [{ path: "/work/.env" }, "ask"],
  [{ path: "file:///work/.env" }, "ask"],
  [{ paths: ["a", { deep: "secrets/../secrets/key" }] }, "ask"],
  [{ path: "~/.ssh/id_rsa" }, "ask"],
  [{ path: "src/a.ts" }, "allow"],
  [{ text: "the .env is denied" }, "allow"],
  [{}, "allow"],
])("%j: %s", (input, want) => {
  expect(verdict(input, "Read(.env)", "Write(./secrets/**)", "Read(~/.ssh/**)")).toBe(want);
});

it("a rule for a tool as a whole names no file", () => {
  expect(verdict({ path: "a" }, "Read")).toBe("allow");
});
