// What path and host rules say of a tool that nobody here knows, an MCP server's mostly: it may read or change whatever file its input names, and
// reach whatever host.
import type { Reason } from "../decision.ts";
import { pathsIn, textsIn } from "../tool/texts.ts";
import type { Judge } from "./judge.ts";
import { hasLimits, limitOn, namedPath } from "./judge-paths.ts";
import { hostIn } from "./limits.ts";

/** A question for each path and host that a rule denies or asks about. That the tool opens it is likely, not proved. */
export function limitsOnInput(judge: Judge, input: unknown): readonly Reason[] {
  return [...pathLimits(judge, input), ...hostLimits(judge, input)];
}

function pathLimits({ rules, facts }: Judge, input: unknown): readonly Reason[] {
  if (!hasLimits("write", rules)) return [];
  return pathsIn(input, facts).flatMap((path): readonly Reason[] => {
    const limit = limitOn(namedPath(path, [path], facts), "write", rules);
    // a rule for the tool as a whole names no file
    return limit?.rule?.includes("(") !== true ? [] : [{ ...limit, code: "rule-not-excluded", verdict: "ask" }];
  });
}

function hostLimits({ rules }: Judge, input: unknown): readonly Reason[] {
  const limits = [...rules.deny, ...rules.ask].filter(
    ({ rule }) => rule.tool === "WebFetch" && rule.domain !== undefined,
  );
  if (limits.length === 0) return [];
  const hosts = textsIn(input).flatMap((text) => (/\s/.test(text.trim()) ? [] : (hostIn(text.trim()) ?? [])));
  return limits.flatMap(({ domain, text }): readonly Reason[] => {
    const host = hosts.find((each) => domain?.(each));
    if (host === undefined) return [];
    return [{ code: "rule-not-excluded", verdict: "ask", subject: host, rule: text.text, at: text.at }];
  });
}
