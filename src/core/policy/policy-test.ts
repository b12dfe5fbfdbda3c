// Tests of a policy (PERM-8): acts with the verdict that is wanted. They stand in the policy (`tests:`) or as lines of a `*.cases.jsonl`
// file beside it.
import { err, ok, type Problem, type Result, type Span } from "../result.ts";
import { joinPath } from "../shell/index.ts";
import { type Actions, actionsOfTool } from "../tool/actions-of-tool.ts";
import type { Verdict } from "../verdict.ts";
import { decideAll } from "./decide.ts";
import type { TestEntry } from "./file.ts";
import type { Judge, Judgement } from "./judge.ts";
import type { Merged } from "./merge.ts";
import { policyTestSchema } from "./schema.ts";

/** One test and where it stands. */
export interface PolicyTest {
  readonly entry: TestEntry;
  readonly at: Span;
}

/** How one test came out. */
export interface TestOutcome {
  readonly test: PolicyTest;
  readonly holds: boolean;
  readonly is: Verdict;
  readonly judgement: Judgement;
}

const LONGEST_LINE = 2_000_000;

/** The tests that stand in the policy's files. */
export function testsOf(merged: Merged): readonly PolicyTest[] {
  // the schema has checked them
  return (merged.parts.get("tests") ?? []).map(({ value, at }) => ({ entry: value as TestEntry, at }));
}

/** The lines of a cases file. Empty lines and lines that start with `#` or `//` are none; a line that is no test is a problem. */
export function parseTestLines(file: string, text: string): Result<readonly PolicyTest[], readonly Problem[]> {
  const tests: PolicyTest[] = [];
  const problems: Problem[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(?:$|#|\/\/)/.test(line)) continue;
    const at = { file, line: index + 1, column: 1 };
    const entry = parseTest(line);
    if (entry.ok) tests.push({ entry: entry.value, at });
    else
      problems.push({
        code: "test-unreadable",
        message: entry.error,
        at,
        hint: 'for example `{"command": "npm test", "want": "allow"}`',
      });
  }
  return problems.length > 0 ? err(problems) : ok(tests);
}

function parseTest(line: string): Result<TestEntry, string> {
  if (line.length > LONGEST_LINE) return err("the line is too long");
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return err("the line is not JSON");
  }
  const parsed = policyTestSchema.safeParse(value);
  return parsed.success
    ? ok(parsed.data)
    : err("the line is no test: expected `{command, want}` or `{tool, input, want}`");
}

/** Runs one test; its own mode and directory count, else those of the policy and the workspace. */
export function runTest(judge: Judge, test: PolicyTest): TestOutcome {
  const { entry } = test;
  const cwd = entry.cwd === undefined ? judge.facts.root : joinPath(judge.facts.root, entry.cwd);
  const actions: Actions | undefined =
    "command" in entry ? [{ kind: "exec", command: entry.command, cwd }] : actionsOfTool(entry.tool, entry.input, cwd);
  const judgement = decideAll({ ...judge, mode: entry.mode ?? judge.mode }, actions ?? []);
  return { test, holds: judgement.verdict === entry.want, is: judgement.verdict, judgement };
}

/** What a test is called: its name, else its act. */
export function testName({ entry }: PolicyTest): string {
  return entry.name ?? ("command" in entry ? entry.command : `${entry.tool} ${JSON.stringify(entry.input) ?? ""}`);
}
