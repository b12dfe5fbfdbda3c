// `ringfence approve ID`: a person in a terminal of their own answers a question that waits, after reading it here exactly as it is drawn elsewhere.
import { Command, Option } from "commander";
import type { ApprovalScope } from "#core";
import { effectLines, questionLines } from "#core/session";
import { forTerminal } from "#core/text";
import { answerQuestion, type FoundQuestion, findQuestions } from "#monitor";
import { watchAll } from "./approve-watch.ts";
import { callerStateDir } from "./caller.ts";
import { EXIT, fail } from "./exit.ts";
import { printJson } from "./print-json.ts";
import { requireOutside, requireQuestion } from "./questions.ts";
import { askAtTerminal, terminalIsHere } from "./terminal-prompt.ts";

interface ApproveOptions {
  readonly session?: true;
  readonly rule?: true;
  readonly list?: true;
  readonly watch?: true;
  readonly json?: true;
}

/** The command. Exit 0: answered; 126: not allowed to, or not confirmed. */
export function approveCommand(): Command {
  return new Command("approve")
    .description("let a question that waits for a person pass: once, for the session, or by a rule")
    .argument("[id]", "the question's id, or SESSION/ID where two sessions use the same")
    .addOption(new Option("--session", "exactly this act, until the session ends").conflicts(["rule", "list"]))
    .addOption(new Option("--rule", "write the allow rule that spares the question").conflicts(["list"]))
    .option("--list", "list what waits")
    .addOption(
      new Option("--watch", "ask the questions of all sessions here, as they come").conflicts([
        "list",
        "session",
        "rule",
      ]),
    )
    .option("--json", "with --list: print one JSON document")
    .action(approve);
}

async function approve(id: string | undefined, options: ApproveOptions): Promise<void> {
  if (options.list === true) return list(options.json === true);
  if (options.watch === true && id === undefined) {
    requireOutside();
    requireTerminal("ringfence approve --watch");
    return watchAll();
  }
  if (id === undefined || options.json === true) {
    const message = id === undefined ? "no question named" : "`--json` goes with `--list`: a yes is typed by a person";
    fail({ code: "usage", message, hint: "`ringfence approve --list` shows what waits" }, EXIT.usage);
  }
  requireOutside();
  requireTerminal(`ringfence approve ${forTerminal(id)}`);
  const found = await requireQuestion(id);
  const scope: ApprovalScope = options.rule === true ? "rule" : options.session === true ? "session" : "once";
  if (scope === "rule" && found.effect === undefined) {
    const message = "no rule may spare this question: it is asked each time";
    fail({ code: "no-rule", message, hint: "approve it once, or with `--session`" }, EXIT.policyRefused);
  }
  const typed = await askAtTerminal(screenOf(found, scope), new AbortController().signal);
  if (typed.kind !== "word" || typed.word !== "yes") {
    const message = "not approved; nothing was changed";
    fail(
      {
        code: "not-approved",
        message,
        hint: `\`ringfence reject ${found.question.id}\` refuses it, and its repeats for five minutes`,
      },
      EXIT.policyRefused,
    );
  }
  const answered = await answerQuestion(found, { verdict: "allow", scope });
  if (!answered.ok) fail(answered.error, EXIT.policyRefused);
  const late = answered.value === "granted";
  process.stdout.write(
    late
      ? `approved ${found.question.id}: its call was refused already; tried again within 5 minutes, it passes\n`
      : `approved ${found.question.id}\n`,
  );
}

function requireTerminal(command: string): void {
  if (terminalIsHere()) return;
  const message = "an approval needs a person at a terminal";
  fail({ code: "approval-refused", message, hint: `run \`${command}\` in a terminal` }, EXIT.policyRefused);
}

const MEANS: Readonly<Record<ApprovalScope, string>> = {
  once: "this once",
  session: "exactly this, until the session ends",
  rule: "always: write the rule",
};

function screenOf(
  { question, effect, late }: FoundQuestion,
  scope: ApprovalScope,
): Parameters<typeof askAtTerminal>[0] {
  const lines = (width: number): readonly string[] => [
    ...questionLines(question, width, late ? "late" : "waits"),
    ...(scope === "rule" && effect !== undefined ? effectLines(effect, width) : []),
  ];
  const choices = [
    { word: "yes", says: MEANS[scope] },
    { word: "no", says: "leave it as it is" },
  ];
  return { lines, choices };
}

async function list(json: boolean): Promise<void> {
  const found = await findQuestions(callerStateDir(process.env));
  if (json) {
    const questions = found.map(({ question, late }) => ({ ...question, late }));
    printJson(questions);
    return;
  }
  for (const { question, late } of found) {
    const where = question.contained ? "" : "  uncontained";
    const what = forTerminal(question.act.text, { max: 100 });
    process.stdout.write(
      `${question.id}  ${late ? "refused, can still pass" : "waits"}  ${forTerminal(question.agent, { max: 24 })}${where}  ${what}\n`,
    );
  }
  if (found.length === 0) process.stdout.write("nothing waits for a person\n");
}
