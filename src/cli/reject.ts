// `ringfence reject ID`: refuses a question that waits. It only tightens, so it needs no terminal and no confirmation.
import { Command } from "commander";
import { answerQuestion } from "#monitor";
import { EXIT, fail } from "./exit.ts";
import { jsonLine } from "./print-json.ts";
import { requireOutside, requireQuestion } from "./questions.ts";

/** The command. */
export function rejectCommand(): Command {
  return new Command("reject")
    .description("refuse a question that waits for a person")
    .argument("<id>", "the question's id, or SESSION/ID where two sessions use the same")
    .option("--json", "print one JSON document")
    .action(reject);
}

async function reject(id: string, options: { readonly json?: true }): Promise<void> {
  requireOutside();
  const found = await requireQuestion(id);
  const answered = await answerQuestion(found, { verdict: "deny", scope: "once" });
  if (!answered.ok) fail(answered.error, EXIT.badInput);
  const { id: question, session } = found.question;
  process.stdout.write(
    options.json === true ? jsonLine({ question, session, verdict: "deny" }) : `refused ${question}\n`,
  );
}
