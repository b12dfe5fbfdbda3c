// What `approve` and `reject` share: that it is done outside a fence, and which question is meant.
import { type FoundQuestion, findQuestions } from "#monitor";
import { callerStateDir } from "./caller.ts";
import { EXIT, fail } from "./exit.ts";

/** Ends the process inside a fence. The session's own check (who connects) does not depend on this one. */
export function requireOutside(): void {
  if (process.env["RINGFENCE"] === undefined) return;
  const message = "this is inside a fence, and questions are answered outside";
  fail({ code: "inside", message, hint: "run it in a terminal of the host" }, EXIT.policyRefused);
}

/** The one question called `id` or `SESSION/ID`; ends the process when there is none, or more than one. */
export async function requireQuestion(id: string): Promise<FoundQuestion> {
  const [session, named] = id.includes("/") ? id.split("/", 2) : [undefined, id];
  const all = await findQuestions(callerStateDir(process.env));
  const found = all.filter(
    ({ question }) => question.id === named && (session === undefined || question.session === session),
  );
  const [first, second] = found;
  if (first === undefined) {
    const message = `no question \`${id}\` waits`;
    fail({ code: "question-gone", message, hint: "`ringfence approve --list` shows what waits" }, EXIT.badInput);
  }
  if (second !== undefined) {
    const message = `\`${id}\` names ${found.length} questions`;
    fail({ code: "usage", message, hint: `say which: \`${first.question.session}/${first.question.id}\`` }, EXIT.usage);
  }
  return first;
}
