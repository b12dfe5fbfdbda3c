// `ringfence check -- TEXT`: the verdict on one shell command or tool call, with the proof (DESIGN 5: exit 0 allow, 10 ask, 20 deny).
import { isAbsolute, resolve } from "node:path";
import { Command, Option } from "commander";
import { type Action, actionsOfTool, type Verdict } from "#core";
import {
  adviceOn,
  type CompiledRules,
  compileRules,
  decideAll,
  type Judge,
  type Judgement,
  MODES,
  type Mode,
  type Policy,
  proofLines,
  type RuleOrigins,
  settle,
} from "#core/policy";
import { forTerminal } from "#core/text";
import { linkResolver, readPolicy, workspaceFolder } from "#monitor";
import { callerHome, callerStateDir } from "./caller.ts";
import { checkBatch } from "./check-batch.ts";
import { type GivenRules, ruleCompiler } from "./check-rules.ts";
import { EXIT, fail } from "./exit.ts";
import { printJson } from "./print-json.ts";
import { repeated } from "./repeated.ts";

const EXIT_OF: Readonly<Record<Verdict, number>> = { allow: 0, ask: 10, deny: 20 };
interface CheckOptions extends GivenRules {
  readonly policy?: string;
  readonly mode?: Mode;
  readonly cwd?: string;
  readonly root?: string;
  readonly json?: boolean;
  readonly batch?: boolean;
  readonly tool?: string;
  readonly input?: string;
}

/** The command. */
export function checkCommand(): Command {
  return new Command("check")
    .description(
      "decide one shell command, or with --tool one tool call: allow (exit 0), ask (10) or deny (20), with the reasons",
    )
    .argument("[text...]", "the shell text, after `--`")
    .addOption(new Option("--policy <file>", "judge by this policy file too").conflicts(["allow", "ask", "deny"]))
    .option("--allow <rule>", "judge by the rules given here only; may be repeated", repeated)
    .option("--ask <rule>", "the same", repeated)
    .option("--deny <rule>", "the same", repeated)
    .addOption(new Option("--mode <mode>", "the permission mode").choices(MODES))
    .option("--cwd <dir>", "the working directory")
    .option("--root <dir>", "the workspace's root")
    .option("--tool <name>", "judge a call of this tool of an agent; needs --input")
    .option("--input <json>", "the tool's input")
    .option("--batch", "read JSON lines from standard input and write one verdict line for each")
    .option("--json", "print one JSON document")
    .action(async (text: readonly string[], options: CheckOptions) => {
      if (options.batch && text.length > 0)
        fail(
          {
            code: "usage",
            message: "with `--batch` the commands come from standard input",
            hint: "ringfence check --batch < FILE",
          },
          EXIT.usage,
        );
      if (options.batch) return checkBatch(options);
      await checkOne(text, options);
    });
}

async function checkOne(text: readonly string[], options: CheckOptions): Promise<void> {
  // the working directory is the workspace's root unless told (DESIGN 7 rule 1)
  const cwd = resolve(options.cwd ?? options.root ?? process.cwd());
  const root =
    options.root === undefined
      ? options.cwd === undefined
        ? workspaceFolder(cwd)
        : rootAbove(cwd)
      : resolve(options.root);
  const actions = actionsOf(text, options, cwd);
  const home = callerHome();
  const { rules, mode, policy, ...origins } = await rulesFor(options, root, home);
  const judge: Judge = { rules, mode, facts: { root, home, resolve: linkResolver() } };
  const judgement = decideAll(judge, actions);
  const advice = [...adviceOn(judge, actions, judgement, origins), ...inFence(judge, judgement, policy)];
  if (options.json) printJson({ ...judgement, advice });
  else
    process.stdout.write(
      proofLines(judgement, advice)
        .map((line) => `${forTerminal(line, { max: 400 })}\n`)
        .join(""),
    );
  process.exitCode = EXIT_OF[judgement.verdict];
}

/** What nobody granted is a question here, and none where walls stand around the act: said, because the two answers differ. */
function inFence({ rules }: Judge, judgement: Judgement, policy: Policy | undefined): readonly string[] {
  if (policy === undefined || judgement.verdict !== "ask") return [];
  const { verdict } = settle(judgement, {
    approvals: policy.approvals.policy,
    sandbox: policy.sandbox.mode,
    walls: true,
    limited: [...rules.deny, ...rules.ask].some(({ rule }) => rule.tool === "Bash"),
  });
  const passes = `inside a fence it passes without a question, and the walls hold it: \`ringfence run -- AGENT\``;
  return verdict === "allow" ? [passes] : [];
}

/** A told directory belongs to the workspace one stands in, if it is inside; otherwise it is one of its own. */
function rootAbove(cwd: string): string {
  const here = workspaceFolder(process.cwd());
  return cwd === here || cwd.startsWith(`${here}/`) ? here : workspaceFolder(cwd);
}

/** None at all when the input has not what the tool needs: that is denied, as a hook would. */
function actionsOf(text: readonly string[], options: CheckOptions, cwd: string): readonly Action[] {
  const usage = (message: string): never =>
    fail(
      {
        code: "usage",
        message,
        hint: "`ringfence check -- 'git status'`, or `--tool Read --input '{\"file_path\":\"x\"}'`",
      },
      EXIT.usage,
    );
  if (options.tool === undefined) {
    if (options.input !== undefined) return usage("`--input` goes with `--tool`");
    if (text.length === 0) return usage("no shell text given");
    // several words are one text, as a shell would have been given it
    return [{ kind: "exec", command: text.join(" "), cwd }];
  }
  if (text.length > 0) return usage("give either `--tool` or a shell text");
  if (options.input === undefined) return usage("`--tool` needs `--input`");
  let input: unknown;
  try {
    input = JSON.parse(options.input);
  } catch {
    return fail(
      { code: "bad-input", message: "`--input` is not JSON", hint: 'for example `--input \'{"command":"ls"}\'`' },
      EXIT.badInput,
    );
  }
  return actionsOfTool(options.tool, input, cwd) ?? [];
}

async function rulesFor(
  options: CheckOptions,
  root: string,
  home: string,
): Promise<RuleOrigins & { readonly rules: CompiledRules; readonly mode: Mode; readonly policy?: Policy }> {
  if (options.allow !== undefined || options.ask !== undefined || options.deny !== undefined) {
    const compiled = ruleCompiler()(options, "command line", { root, home });
    if (!compiled.ok) fail(compiled.error, EXIT.badInput);
    return { rules: compiled.value, mode: options.mode ?? "default" };
  }
  const policyFile =
    options.policy === undefined
      ? {}
      : { policyFile: isAbsolute(options.policy) ? options.policy : resolve(options.policy) };
  const loaded = await readPolicy({ workspaceRoot: root, stateDir: callerStateDir(process.env), home, ...policyFile });
  if (!loaded.ok) fail(loaded.error, EXIT.badInput);
  const { policy } = loaded.value;
  const { permissions } = policy;
  const compiled = compileRules(permissions, { root, home });
  if (!compiled.ok) fail(compiled.error, EXIT.badInput);
  const { waiting, merged } = loaded.value;
  const managed = merged.fixed.includes("permissions.allow");
  return { rules: compiled.value, mode: options.mode ?? permissions.mode, policy, waiting, managed };
}
