// `ringfence sessions list | stop` and its other parts: what runs, what waits, what each has touched, and how to end one.
import { Command } from "commander";
import { forTerminal } from "#core/text";
import { legsOfSession, listSessions, requestStop, type SessionMeta } from "#monitor";
import { callerStateDir } from "./caller.ts";
import { complain, EXIT, fail } from "./exit.ts";
import { printJson } from "./print-json.ts";
import { requireRunning } from "./running-session.ts";
import { addSessionsClean } from "./sessions/clean.ts";
import { addSessionsPause } from "./sessions/pause.ts";
import { addSessionsReload } from "./sessions/reload.ts";
import { sessionsShowCommand } from "./sessions/show.ts";
import { addSessionsSnapshot } from "./sessions/snapshot.ts";
import { addSessionsUndo } from "./sessions/undo.ts";

interface Options {
  readonly json?: true;
}

/** The command with its parts. */
export function sessionsCommand(): Command {
  const sessions = new Command("sessions").description("list sessions, look at one, or end one");
  sessions
    .command("list", { isDefault: true })
    .description("every session that runs or has changes that wait (the default)")
    .option("--json", "print one JSON document")
    .action((options: Options) => list(options.json === true));
  sessions.addCommand(sessionsShowCommand());
  sessions
    .command("stop")
    .description("end a session with everything inside it; its changes are judged as at any end")
    .argument("<session>", "its id, or `last`")
    .option("--json", "print one JSON document")
    .action((session: string, options: Options) => stop(session, options.json === true));
  addSessionsPause(sessions);
  addSessionsReload(sessions);
  addSessionsSnapshot(sessions);
  addSessionsUndo(sessions);
  addSessionsClean(sessions);
  return sessions;
}

/** A session as it is shown: what its metadata and its record say. */
interface Shown {
  readonly id: string;
  readonly contained: boolean;
  readonly state: SessionMeta["state"] | "paused";
  readonly legs: ReturnType<typeof legsOfSession>;
  readonly held: number;
  readonly kind: SessionMeta["kind"];
  readonly workspace: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly exitCode?: number;
  readonly command: readonly string[];
  readonly kept?: true;
}

function shown(stateDir: string, meta: SessionMeta): Shown {
  const { id, state, held, kind, workspace, startedAt, endedAt, exitCode, command, paused } = meta;
  return {
    ...{
      id,
      contained: kind !== "uncontained",
      state: paused === undefined || state !== "running" ? state : "paused",
      legs: legsOfSession(stateDir, id),
      held,
      kind,
      workspace,
    },
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(exitCode === undefined ? {} : { exitCode }),
    command,
    ...(meta.kept === undefined ? {} : { kept: meta.kept }),
  };
}

function commandOf({ command, kept }: Shown): string {
  return kept === true ? "(the fence for the commands of an agent outside)" : command.join(" ");
}

function list(json: boolean): void {
  const stateDir = callerStateDir(process.env);
  const sessions = listSessions(stateDir).map((meta) => shown(stateDir, meta));
  if (json) return print({ sessions });
  if (sessions.length === 0) return complain("ringfence: no session runs, and none waits for review\n");
  process.stdout.write("session                 guard        state      legs  held  command\n");
  for (const one of sessions) {
    const legs = one.legs.map(({ leg }) => leg).join("") || "-";
    const line = `${one.id}  ${guardOf(one).padEnd(11)}  ${one.state.padEnd(9)}  ${legs.padEnd(4)}  ${String(one.held).padEnd(4)}  `;
    process.stdout.write(`${line}${forTerminal(commandOf(one), { max: 60 })}\n`);
  }
}

function guardOf({ contained }: Shown): string {
  return contained ? "contained" : "uncontained";
}

async function stop(session: string, json: boolean): Promise<void> {
  const stateDir = callerStateDir(process.env);
  const { id } = requireRunning(stateDir, session);
  const stopped = await requestStop(stateDir, id);
  if (!stopped.ok) return fail(stopped.error, EXIT.cannotStart);
  for (const began = performance.now(); performance.now() - began < STOP_MS; await pause()) {
    const meta = listSessions(stateDir).find((one) => one.id === id);
    if (meta?.state === "running") continue;
    if (json) return print({ session: id, state: meta?.state ?? "done", held: meta?.held ?? 0 });
    return complain(`ringfence: session ${id} has ended\n`);
  }
  fail(
    { code: "session-stopping", message: `session \`${id}\` is still ending`, hint: "ringfence sessions" },
    EXIT.cannotStart,
  );
}

const STOP_MS = 15_000;

function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done, 50));
}

function print(document: object): void {
  printJson(document, 1);
}
