// Rules that carry their own examples (PERM-8): `match` must be matched by the rule, `notMatch` must not. Checked when the file is read,
// accepted or not, so that a rule that does not mean what its author thought never comes into force.
import type { Action } from "../action.ts";
import type { Problem, Span } from "../result.ts";
import { addressOf } from "../tool/web-address.ts";
import type { Verdict } from "../verdict.ts";
import { decide } from "./decide.ts";
import type { PolicyDocument } from "./document.ts";
import { parseRule, type Rule } from "./rule.ts";
import { compileRules } from "./rules.ts";

/** A workspace and a home for examples: what a rule means does not depend on where the policy lies. */
const PLACES = { root: "/workspace", home: "/home/user" };

/** The examples of one file that do not hold, each at its own line. Rules that do not parse are another's to report. */
export function failingExamples(document: PolicyDocument): readonly Problem[] {
  const permissions = document.value.permissions ?? {};
  return (["allow", "ask", "deny"] as const).flatMap((list) =>
    (permissions[list] ?? []).flatMap((entry, index) => {
      if (typeof entry === "string") return [];
      const check = exampleChecker(entry.rule, list, document.file);
      if (check === undefined) return [];
      const at = (key: string, example: number): Span => document.at(["permissions", list, index, key, example]);
      return [
        ...(entry.match ?? []).flatMap((text, i) => problem(entry.rule, text, check(text), true, at("match", i))),
        ...(entry.notMatch ?? []).flatMap((text, i) =>
          problem(entry.rule, text, check(text), false, at("notMatch", i)),
        ),
      ];
    }),
  );
}

/** Does the rule match this example? `undefined`: the text is no example for such a rule. */
type Check = (example: string) => boolean | undefined;

/**
 * An allow rule matches what it alone lets pass; an ask or deny rule what it provably catches. `undefined` for a rule that does not parse.
 */
export function exampleChecker(text: string, list: Verdict, file: string): Check | undefined {
  const rule = parseRule(text);
  const at = { file, line: 1, column: 1 };
  const none = { allow: [], ask: [], deny: [] };
  const compiled = compileRules({ ...none, [list]: [{ text, at, layer: "user" as const }] }, PLACES);
  if (!rule.ok || !compiled.ok) return undefined;
  const judge = { rules: compiled.value, mode: "default" as const, facts: PLACES };
  return (example) => {
    const action = actionOf(rule.value, example);
    if (action === undefined) return undefined;
    const { verdict, reasons } = decide(judge, action);
    const matched = reasons.some((r) => r.rule === text && r.code !== "rule-not-excluded" && r.verdict === list);
    return matched && (list !== "allow" || verdict === "allow");
  };
}

/** The act that an example of such a rule stands for: a command, a path, an address, a tool, an agent. */
function actionOf(rule: Rule, example: string): Action | undefined {
  const { root, home } = PLACES;
  switch (rule.tool) {
    case "Bash":
      return { kind: "exec", command: example, cwd: root };
    case "Read":
    case "Write":
    case "Edit": {
      const path = example.replace(/^~(?=\/|$)/, home);
      const kind = rule.tool === "Read" ? "read" : rule.tool === "Write" ? "write" : "edit";
      return { kind, path: path.startsWith("/") ? path : `${root}/${path}` };
    }
    case "WebFetch": {
      const address = addressOf(/^[a-z]+:\/\//i.test(example) ? example : `https://${example}/`);
      return address === undefined ? undefined : { kind: "fetch", ...address };
    }
    case "Agent":
      return { kind: "agent", name: example };
    case "mcp": {
      const [, server, tool, given] = /^mcp__(.+?)__([^\s{]+)\s*(\{.*\})?$/s.exec(example) ?? [];
      const input = argumentsIn(given);
      if (server === undefined || tool === undefined || input === undefined) return undefined;
      return { kind: "mcp", server, tool, input };
    }
    case "other":
      return { kind: "other", tool: example, input: {} };
    default:
      return rule satisfies never;
  }
}

/** `mcp__s__t {"name": "x"}`: the arguments behind the name, if any. */
function argumentsIn(text: string | undefined): unknown {
  try {
    return text === undefined ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problem(
  rule: string,
  example: string,
  matches: boolean | undefined,
  wanted: boolean,
  at: Span,
): readonly Problem[] {
  if (matches === wanted) return [];
  const said =
    matches === undefined
      ? `the example \`${example}\` of the rule \`${rule}\` is nothing that such a rule speaks of`
      : wanted
        ? `the rule \`${rule}\` does not match its own example \`${example}\``
        : `the rule \`${rule}\` matches \`${example}\`, which its \`notMatch\` says it must not`;
  return [{ code: "policy-example-fails", message: said, at, hint: "change the rule or the example" }];
}
