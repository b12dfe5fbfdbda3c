// The caller's side of further commands: asks the supervisor, and hears how it ended. The streams are handed over by the helper.
import net from "node:net";
import { err, ok, type Problem, type Result } from "#core";
import { sessionPaths } from "../session-folders.ts";
import {
  type ExecAnswer,
  type ExecEnd,
  type ExecRequest,
  type ExecWish,
  LINE_MOST,
  type LifecycleRequest,
} from "./exec-wire.ts";

/** Why nothing runs, with the exit code of DESIGN 5. */
export interface ExecRefusal {
  readonly exitCode: 125 | 126;
  readonly problem: Problem;
}

/** A command that waits for its streams. */
export interface AnnouncedExec {
  readonly token: string;
  /** What the helper's `attach` connects to. */
  readonly socket: string;
  /** The supervisor's last word; never rejects. */
  readonly end: Promise<ExecEnd>;
}

const ANSWER_MS = 10_000;

/** Asks session `id` for a further command. */
export async function requestExec(
  stateDir: string,
  id: string,
  wish: ExecWish,
): Promise<Result<AnnouncedExec, ExecRefusal>> {
  const talk = await converse(stateDir, id, { op: "exec", wish });
  if (!talk.ok) return err({ exitCode: 125, problem: talk.error });
  const answer = (await talk.value.next(ANSWER_MS)) as ExecAnswer | undefined;
  if (answer?.kind === "announced") {
    const gone: ExecEnd = { kind: "session-ended" };
    const end = talk.value.next().then((last) => (last as ExecEnd | undefined) ?? gone);
    return ok({ token: answer.token, socket: answer.socket, end });
  }
  talk.value.close();
  return err(answer?.kind === "refused" ? answer : { exitCode: 125, problem: silent(id) });
}

/** Asks session `id` to end. Resolves when it has begun to. */
export async function requestStop(stateDir: string, id: string): Promise<Result<undefined, Problem>> {
  const talk = await converse(stateDir, id, { op: "stop" });
  if (!talk.ok) return talk;
  const answer = (await talk.value.next(ANSWER_MS)) as ExecAnswer | undefined;
  talk.value.close();
  return answer?.kind === "stopping" ? ok(undefined) : err(silent(id));
}

/** A snapshot takes as long as its bytes. */
const LIFECYCLE_MS = 30 * 60_000;

/** Asks session `id` to pause, to go on, or to be copied. Resolves when that is done. */
export async function requestLifecycle(
  stateDir: string,
  id: string,
  request: LifecycleRequest,
): Promise<Result<Extract<ExecAnswer, { kind: "done" }>, Problem>> {
  const talk = await converse(stateDir, id, request);
  if (!talk.ok) return talk;
  const answer = (await talk.value.next(LIFECYCLE_MS)) as ExecAnswer | undefined;
  talk.value.close();
  if (answer?.kind === "done") return ok(answer);
  return err(answer?.kind === "refused" ? answer.problem : silent(id));
}

/** Asks session `id` to follow its policy files where they open more. Resolves when that is in force. */
export async function requestReload(
  stateDir: string,
  id: string,
): Promise<Result<Extract<ExecAnswer, { kind: "reloaded" }>, Problem>> {
  const talk = await converse(stateDir, id, { op: "reload" });
  if (!talk.ok) return talk;
  const answer = (await talk.value.next(ANSWER_MS)) as ExecAnswer | undefined;
  talk.value.close();
  if (answer?.kind === "reloaded") return ok(answer);
  return err(answer?.kind === "refused" ? answer.problem : silent(id));
}

interface Talk {
  /** The next line as JSON; undefined when none came, or it was none. */
  next(withinMs?: number): Promise<unknown>;
  close(): void;
}

async function converse(stateDir: string, id: string, request: ExecRequest): Promise<Result<Talk, Problem>> {
  const socket = net.connect(sessionPaths(stateDir, id).exec);
  try {
    await new Promise<void>((done, failed) => socket.once("connect", done).once("error", failed));
  } catch {
    return err(silent(id));
  }
  const said = request.op === "exec" ? { op: request.op, ...request.wish } : request;
  const line = `${JSON.stringify({ v: 1, ...said })}\n`;
  socket.write(line);
  return ok(linesOf(socket));
}

function linesOf(socket: net.Socket): Talk {
  const lines: unknown[] = [];
  let rest = "";
  let over = false;
  let wake: (() => void) | undefined;
  socket.setEncoding("utf8");
  socket.on("data", (part: string) => {
    const all = (rest + part).split("\n");
    rest = (all.pop() ?? "").slice(0, LINE_MOST);
    lines.push(...all.map(parsed));
    wake?.();
  });
  socket.on("error", () => socket.destroy());
  socket.once("close", () => {
    over = true;
    wake?.();
  });
  return {
    next: async (withinMs) => {
      const late = withinMs === undefined ? undefined : setTimeout(() => socket.destroy(), withinMs);
      while (lines.length === 0 && !over)
        await new Promise<void>((done) => {
          wake = done;
        });
      clearTimeout(late);
      return lines.shift();
    },
    close: () => socket.destroy(),
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // cut short by a supervisor that died
  }
}

function silent(id: string): Problem {
  return {
    code: "session-silent",
    message: `session \`${id}\` does not answer`,
    hint: "`ringfence sessions` shows whether it still runs",
  };
}
