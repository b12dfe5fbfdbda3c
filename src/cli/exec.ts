// `ringfence exec SESSION -- COMMAND`: one more command inside a running session. The supervisor judges and records it; the helper hands this
// process's streams to the fence, so no byte of them passes through here.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { Command } from "commander";
import type { Problem } from "#core";
import { isInside } from "#core/shell";
import { type AnnouncedExec, type ExecEnd, type ExecWish, requestExec } from "#monitor";
import { callerStateDir } from "./caller.ts";
import { EXIT, fail } from "./exit.ts";
import { findInstallation } from "./installation.ts";
import { requireRunning } from "./running-session.ts";

const ENDS = `
Exit code: the command's own; 124 ended by a limit, 125 no such session runs, 126
the policy refuses, 127 not found, 128+n signal n (137 too when the session ends).`;

/** The command. Its exit code is the command's own; 124 to 128+n as for `run`. */
export function execCommand(): Command {
  return new Command("exec")
    .description("run one more command inside a running session")
    .usage("SESSION -- COMMAND [ARG...]")
    .addHelpText("after", ENDS)
    .argument("<session>", "the session's id, or `last`")
    .argument("[command...]", "what to run")
    .passThroughOptions()
    .action(exec);
}

async function exec(session: string, words: readonly string[]): Promise<void> {
  // behind a positional argument the `--` is left to us
  const [program, ...rest] = words[0] === "--" ? words.slice(1) : words;
  if (program === undefined)
    fail(
      { code: "usage", message: "no command to run", hint: "ringfence exec SESSION -- COMMAND [ARG...]" },
      EXIT.usage,
    );
  const stateDir = callerStateDir(process.env);
  const { id, workspace } = requireRunning(stateDir, session);
  const announced = await requestExec(stateDir, id, wishOf([program, ...rest], workspace));
  if (!announced.ok) return fail(announced.error.problem, announced.error.exitCode);
  process.exitCode = await attach(announced.value);
}

/** A person may call from anywhere: what is not in the workspace is not in the fence, and the session's own folder is meant. */
function wishOf(argv: ExecWish["argv"], workspace: string): ExecWish {
  const cwd = process.cwd();
  const term = process.env["TERM"] ?? "";
  return {
    argv,
    ...(isInside(workspace, cwd) ? { cwd } : {}),
    tty: [isatty(0), isatty(1), isatty(2)],
    ...(/^[\w.+-]{1,64}$/.test(term) ? { term } : {}),
  };
}

/** Signals for this process alone; those of the terminal reach the helper by themselves, and once is enough. */
const FORWARDED = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

/** The helper's code when the fence ended first (native/attach.h). */
const LOST = 199;
const KILLED = 128 + constants.signals.SIGKILL;

async function attach({ token, socket, end }: AnnouncedExec): Promise<number> {
  const helper = spawn(findInstallation().helper, ["attach", socket, token], { stdio: "inherit", env: {} });
  for (const name of FORWARDED) process.on(name, () => helper.kill(name));
  for (const name of ["SIGINT", "SIGQUIT"] as const) process.on(name, () => undefined);
  const code = await new Promise<number>((done) => {
    helper.once("error", () => done(LOST));
    helper.once("close", (status, signal) => done(status ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  // what was killed may have been killed with its session
  return code === LOST || code === KILLED ? saidInTheEnd(await end) : code;
}

function saidInTheEnd(end: ExecEnd): number {
  switch (end.kind) {
    case "ended":
      return end.code;
    case "failed":
      return fail(end.problem, EXIT.cannotStart);
    case "session-ended": {
      const message =
        end.limit === undefined
          ? "the session has ended, and this command with it"
          : `the ${end.limit} limit of the session is reached, and this command ended with it`;
      const problem: Problem = { code: "session-ended", message, hint: "`ringfence sessions` lists what runs" };
      return fail(problem, end.limit === undefined ? KILLED : EXIT.limit);
    }
    default:
      return end satisfies never;
  }
}
