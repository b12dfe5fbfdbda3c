// Tool calls by name → actions, for every agent's tools: tests/cases/tools. `null`: not understood, which callers deny.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Action, actionsOfTool } from "#core";
import { readCases } from "../../support/cases.ts";

interface Line {
  readonly tool: string;
  readonly input: unknown;
  readonly want: readonly string[] | null;
}

const [{ cwd }, ...lines] = readCases<{ readonly cwd: string }, Line>("tools/names.jsonl");

function shown(action: Action): string {
  switch (action.kind) {
    case "exec":
      return `exec ${action.command} @${action.cwd}`;
    case "read":
      return `read ${action.path}${action.recursive === true ? " +" : ""}`;
    case "write":
    case "edit":
    case "delete":
      return `${action.kind} ${action.path}`;
    case "fetch":
      return `fetch ${action.host}:${action.port}`;
    case "mcp":
      return `mcp ${action.server} ${action.tool}`;
    case "agent":
      return `agent ${action.name}`;
    case "prompt":
      return "prompt";
    case "other":
      return `other ${action.tool}`;
    default:
      return action satisfies never;
  }
}

describe("a tool call", () => {
  it.each(lines)("$tool $input", ({ tool, input, want }) => {
    expect(actionsOfTool(tool, input, cwd)?.map(shown) ?? null).toEqual(want);
  });

  it("is total, and names absolute paths only", () => {
    const tools = [...new Set(lines.map(({ tool }) => tool))];
    const fields = [
      "command",
      "cmd",
      "file_path",
      "path",
      "paths",
      "pattern",
      "url",
      "prompt",
      "input",
      "patch",
      "workdir",
    ];
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.jsonValue(),
      fc.constantFrom("*** Add File: a", "~/x", "https://a.org"),
    );
    const input = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...fields), value));
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...tools), fc.string()), input, (tool, given) => {
        for (const action of actionsOfTool(tool, given, cwd) ?? [])
          if ("path" in action) expect(action.path.startsWith("/")).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
