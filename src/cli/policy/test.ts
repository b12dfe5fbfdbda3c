// `ringfence policy test [FILE]`: does the policy answer what its rules' examples, its `tests:` and the `*.cases.jsonl` beside it say?
import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { err, ok, type Problem, type Result, type Span } from "#core";
import {
  compileRules,
  explainReason,
  type LayerText,
  loadPolicy,
  type PolicyTest,
  parseTestLines,
  runTest,
  type TestOutcome,
  testName,
  testsOf,
} from "#core/policy";
import { linkResolver, readPolicyFile } from "#monitor";
import { printJson } from "../print-json.ts";
import { layersToTry, placesHere, RESULT, say } from "./layers.ts";

/** The subcommand. */
export function policyTestCommand(): Command {
  return new Command("test")
    .description(
      "check the rules' own examples, the policy's `tests:` and the *.cases.jsonl files beside it (exit 0 all hold, 1 one does not, 2 nothing to test or not built, 3 unreadable)",
    )
    .argument("[file]", "one file; otherwise all layers of this workspace")
    .option("--json", "print one JSON document")
    .action(async (file: string | undefined, options: { readonly json?: boolean }) => {
      const report = await testPolicy(file);
      process.exitCode = report.result;
      if (options.json) printJson(report);
      else print(report);
    });
}

interface Failure {
  readonly at: Span;
  readonly name: string;
  readonly want: string;
  readonly is: string;
  readonly because?: string;
}

interface Report {
  readonly result: number;
  readonly tests: number;
  readonly examples: number;
  readonly failures: readonly Failure[];
  readonly problems: readonly Problem[];
}

async function testPolicy(file: string | undefined): Promise<Report> {
  const none = { tests: 0, examples: 0, failures: [] };
  const layers = await layersToTry(file);
  if (!layers.ok) return { ...none, result: RESULT.unreadable, problems: layers.error };
  const loaded = loadPolicy(layers.value);
  if (!loaded.ok) {
    const examples = loaded.error.every(({ code }) => code === "policy-example-fails");
    return { ...none, result: examples ? RESULT.fails : RESULT.unreadable, problems: loaded.error };
  }
  const { policy, merged, notBuilt } = loaded.value;
  const beside = await testsBeside(layers.value);
  if (!beside.ok) return { ...none, result: RESULT.unreadable, problems: beside.error };
  const { workspaceRoot: root, home } = placesHere();
  const rules = compileRules(policy.permissions, { root, home });
  if (!rules.ok) return { ...none, result: RESULT.unreadable, problems: rules.error };
  const judge = { rules: rules.value, mode: policy.permissions.mode, facts: { root, home, resolve: linkResolver() } };
  const outcomes = [...testsOf(merged), ...beside.value].map((test) => runTest(judge, test));
  const { allow, ask, deny } = policy.permissions;
  const examples = [...allow, ...ask, ...deny].reduce(
    (sum, { match = [], notMatch = [] }) => sum + match.length + notMatch.length,
    0,
  );
  const failures = outcomes.filter(({ holds }) => !holds).map(failure);
  const incomplete = notBuilt.length > 0 || outcomes.length + examples === 0;
  return {
    result: failures.length > 0 ? RESULT.fails : incomplete ? RESULT.incomplete : RESULT.holds,
    tests: outcomes.length,
    examples,
    failures,
    problems: notBuilt,
  };
}

/** The tests of every `*.cases.jsonl` in the folder of a policy file. */
async function testsBeside(layers: readonly LayerText[]): Promise<Result<readonly PolicyTest[], readonly Problem[]>> {
  const tests: PolicyTest[] = [];
  const problems: Problem[] = [];
  const folders = new Set(layers.filter(({ file }) => file.startsWith("/")).map(({ file }) => dirname(file)));
  for (const folder of folders) {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".cases.jsonl")).sort();
    for (const name of names) {
      const path = resolve(join(folder, name));
      const read = await readPolicyFile(path, { followLinks: false });
      const lines = read.ok ? parseTestLines(path, read.value?.text ?? "") : err([read.error]);
      if (lines.ok) tests.push(...lines.value);
      else problems.push(...lines.error);
    }
  }
  return problems.length > 0 ? err(problems) : ok(tests);
}

function failure({ test, is, judgement }: TestOutcome): Failure {
  const reason = judgement.reasons.find(({ verdict }) => verdict === is);
  return {
    at: test.at,
    name: testName(test),
    want: test.entry.want,
    is,
    ...(reason === undefined ? {} : { because: `${reason.subject}: ${explainReason(reason)}` }),
  };
}

function print(report: Report): void {
  for (const { at, message, code, hint } of report.problems) {
    say(`${at === undefined ? "" : `${at.file}:${at.line}:${at.column}: `}${message} (${code})`);
    if (hint !== undefined) say(`  hint: ${hint}`);
  }
  for (const failed of report.failures) {
    say(`${failed.at.file}:${failed.at.line}: want ${failed.want}, is ${failed.is}: ${failed.name}`);
    if (failed.because !== undefined) say(`  ${failed.because}`);
  }
  const { tests, examples, failures } = report;
  // a file that did not load has nothing to count
  if (report.problems.length > 0 && tests + examples === 0) return;
  if (tests + examples === 0)
    say("nothing to test: no rule has examples, and there are no `tests:` and no *.cases.jsonl");
  else say(`${tests - failures.length} of ${tests} tests hold, and ${examples} examples of rules`);
}
