// PERM-1: a deny of a tool's bare name takes the tool away, by whatever name its agent has for it. Over every call of the dialects' tables and of
// the table of names.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Action, actionsOfTool } from "#core";
import { compileRules, decideAll, parseRule } from "#core/policy";
import { DIALECTS } from "#hooks";

const at = { file: "test", line: 1, column: 1 };

function judged(name: string, actions: readonly Action[], list: "deny" | "ask"): string {
  const permissions = { allow: [], ask: [], deny: [], [list]: [{ text: name, at }] };
  const rules = compileRules(permissions, { root: "/p", home: "/h" });
  if (!rules.ok) throw new Error(JSON.stringify(rules.error));
  return decideAll({ rules: rules.value, mode: "bypassPermissions", facts: { root: "/p", home: "/h" } }, actions)
    .verdict;
}

function linesOf(file: string): readonly Readonly<Record<string, unknown>>[] {
  return readFileSync(new URL(`../../cases/${file}`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const CALLS = [
  ...DIALECTS.flatMap(({ agent, parse }) =>
    linesOf(`hooks/${agent}.jsonl`).flatMap((line) => {
      const event = parse(typeof line["text"] === "string" ? line["text"] : JSON.stringify(line["event"]));
      return event.ok && event.value.kind === "before-tool"
        ? [{ agent, tool: event.value.tool, actions: event.value.actions }]
        : [];
    }),
  ),
  ...linesOf("tools/names.jsonl").flatMap(({ tool, input }) => {
    const actions = typeof tool === "string" ? actionsOfTool(tool, input, "/p") : undefined;
    return actions === undefined ? [] : [{ agent: "check", tool: String(tool), actions }];
  }),
].filter(({ tool, actions }) => parseRule(tool).ok && !isNothing(actions) && tool !== "mcp__github");

/** Asks a running program for more of its output. */
function isNothing([action]: readonly Action[]): boolean {
  return action?.kind === "exec" && action.command === "";
}

describe("a tool that is named in a rule", () => {
  test("there are many", () => expect(new Set(CALLS.map(({ tool }) => tool)).size).toBeGreaterThan(50));

  test.each(CALLS)("$agent $tool", ({ tool, actions }) => {
    expect(judged(tool, actions, "deny")).toBe("deny");
    expect(judged(tool, actions, "ask")).not.toBe("allow");
  });
});
