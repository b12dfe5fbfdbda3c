// What path rules say of a tool that nobody here knows, an MCP server's mostly: it may read or change whatever file its input names.
import type { Reason } from "../decision.ts";
import { pathsIn } from "../tool/texts.ts";
import type { Judge } from "./judge.ts";
import { hasLimits, limitOn, namedPath } from "./judge-paths.ts";

/** A question for each path that a rule denies or asks about. That the tool opens it is likely, not proved. */
export function limitsOnInput(judge: Judge, input: unknown): readonly Reason[] {
  const { rules, facts } = judge;
  if (!hasLimits("write", rules)) return [];
  return pathsIn(input, facts).flatMap((path): readonly Reason[] => {
    const limit = limitOn(namedPath(path, [path], facts), "write", rules);
    // a rule for the tool as a whole names no file
    return limit?.rule?.includes("(") !== true ? [] : [{ ...limit, code: "rule-not-excluded", verdict: "ask" }];
  });
}
