// The other end of a session's approval socket: which questions wait, in all sessions of a person, and how one is answered.
import { lstatSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { err, ok, type Problem, type Result } from "#core";
import { approvalFolder } from "./approval-server.ts";
import { type ApprovalRequest, parseAnswered, parseQuestions, WIRE_MOST } from "./approval-wire.ts";
import type { Said } from "./question-channel.ts";
import type { OpenQuestion } from "./question-race.ts";

/** A question and where its session listens. */
export interface FoundQuestion extends OpenQuestion {
  readonly socketPath: string;
}

const REPLY_MS = 5_000;
/** An answer is back when it is on record, and a rule on the disk. */
const ANSWER_MS = 30_000;

/** Everything that waits, session by session. Sessions that are gone are passed over. */
export async function findQuestions(stateDir: string): Promise<readonly FoundQuestion[]> {
  const found = await Promise.all(
    approvalSockets(stateDir).map(async (socketPath) => {
      const line = await say(socketPath, { v: 1, do: "list" }, REPLY_MS);
      const questions = line.ok ? parseQuestions(line.value) : line;
      return questions.ok ? questions.value.map((open) => ({ ...open, socketPath })) : [];
    }),
  );
  return found.flat();
}

/** Answers exactly the question that was found: its session refuses when the digest is another one meanwhile. */
export async function answerQuestion(
  found: FoundQuestion,
  said: Said,
): Promise<Result<"answered" | "granted" | "refused", Problem>> {
  const { id, digest } = found.question;
  const { verdict, scope } = said;
  const line = await say(found.socketPath, { v: 1, do: "answer", id, digest, verdict, scope }, ANSWER_MS);
  return line.ok ? parseAnswered(line.value) : line;
}

/** Looks at one session's questions as they come, until `signal` or its end. Resolves with why it ended. */
export async function watchQuestions(
  socketPath: string,
  onQuestion: (found: FoundQuestion) => void,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const socket = connect(socketPath);
  const stop = (): void => void socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  socket.write(`${JSON.stringify({ v: 1, do: "watch" } satisfies ApprovalRequest)}\n`);
  socket.on("error", stop);
  let refused: Problem | undefined;
  for await (const line of createInterface({ input: socket })) {
    const questions = parseQuestions(line);
    if (questions.ok) for (const open of questions.value) onQuestion({ ...open, socketPath });
    else refused = questions.error;
  }
  signal.removeEventListener("abort", stop);
  return refused;
}

/** The sockets of this person's sessions; none when the folder is not theirs alone. */
export function approvalSockets(stateDir: string): readonly string[] {
  const folder = approvalFolder(stateDir);
  try {
    const { uid, mode } = lstatSync(folder);
    if (uid !== process.getuid?.() || (mode & 0o077) !== 0) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith(".sock"))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return []; // no session ever asked
  }
}

/** One line there, one line back. */
function say(socketPath: string, request: ApprovalRequest, patienceMs: number): Promise<Result<string, Problem>> {
  return new Promise((settle) => {
    const socket = connect(socketPath);
    let text = "";
    const gone = (why: string): void => {
      socket.destroy();
      settle(err({ code: "session-gone", message: `the session does not answer: ${why}` }));
    };
    socket.setTimeout(patienceMs, () => gone("no reply in time"));
    socket.on("error", (error) => gone(error.message));
    socket.on("connect", () => socket.write(`${JSON.stringify(request)}\n`));
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.length > WIRE_MOST.reply) gone("its reply is too long");
    });
    socket.on("end", () => {
      const end = text.indexOf("\n");
      if (end < 0) return gone("its reply is cut short");
      socket.destroy();
      settle(ok(text.slice(0, end)));
    });
  });
}
