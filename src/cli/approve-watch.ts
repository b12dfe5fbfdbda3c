// `ringfence approve --watch`: a terminal of the person's in which the questions of all sessions are asked as they come. While it is open, sessions that
// only hooks guard wait for an answer instead of refusing at once.
import type { Question } from "#core";
import { forTerminal } from "#core/text";
import { answerQuestion, approvalSockets, type FoundQuestion, watchQuestions } from "#monitor";
import { callerStateDir } from "./caller.ts";
import { complain, EXIT, fail, problemLines } from "./exit.ts";
import { terminalChannel } from "./terminal-channel.ts";

/** New sessions are looked for this often. */
const LOOK_MS = 1_000;

/** Asks until it is interrupted. */
export async function watchAll(): Promise<void> {
  const stateDir = callerStateDir(process.env);
  const terminal = terminalChannel();
  const watched = new Set<string>();
  const waiting: FoundQuestion[] = [];
  let wake = (): void => undefined;
  process.stdout.write("questions of all sessions are asked here as they come; ^C ends it\n");
  for (;;) {
    for (const socketPath of approvalSockets(stateDir).filter((path) => !watched.has(path))) {
      watched.add(socketPath);
      const take = (found: FoundQuestion): void => {
        if (found.late) return; // its call is over: `approve ID` is for that
        waiting.push(found);
        wake();
      };
      void watchQuestions(socketPath, take, new AbortController().signal).then((refused) => {
        if (refused !== undefined) fail(refused, EXIT.policyRefused);
        watched.delete(socketPath);
      });
    }
    const found = waiting.shift();
    if (found !== undefined) await askOne(terminal, found);
    else
      await new Promise<void>((woken) => {
        wake = woken;
        setTimeout(woken, LOOK_MS);
      });
  }
}

async function askOne(terminal: ReturnType<typeof terminalChannel>, found: FoundQuestion): Promise<void> {
  const { question } = found;
  const left = question.expiresAt - Date.now();
  const said = left <= 0 ? undefined : await terminal.ask(question, found.effect, AbortSignal.timeout(left));
  if (said === undefined) return void complain(`${name(question)}: no longer asked\n`);
  const answered = await answerQuestion(found, said);
  if (answered.ok) process.stdout.write(`${name(question)}: ${said.verdict === "allow" ? "approved" : "refused"}\n`);
  else complain(problemLines(answered.error));
}

function name({ id, act }: Question): string {
  return `${id} ${forTerminal(act.text, { max: 60 })}`;
}
