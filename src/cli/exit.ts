// How every command ends (DESIGN 5): the exit codes by name, and the one way to refuse: a line that says what is wrong, a line that says what to type.
// Synchronous on purpose: what is printed here is out before the process is.
import { writeSync } from "node:fs";
import type { Problem } from "#core";
import { forTerminal, forTerminalLines } from "#core/text";

/** The exit codes of DESIGN 5 that do not come from the command itself. `check` and the `verify` family have their own. */
export const EXIT = {
  ok: 0,
  usage: 64,
  badInput: 65,
  bug: 70,
  limit: 124,
  cannotStart: 125,
  policyRefused: 126,
  notFound: 127,
} as const;

/** One problem as the two lines a person reads. Everything in it may come from an adversary, so everything is escaped. */
export function problemLines(problem: Problem): string {
  const at = problem.at ? `${problem.at.file}:${problem.at.line}:${problem.at.column}: ` : "";
  const hint = problem.hint === undefined ? "" : `hint: ${forTerminal(problem.hint)}\n`;
  return `ringfence: ${forTerminal(at + problem.message)}\n${hint}`;
}

/** Writes to standard error now; a closed or full one is no reason to fail differently. */
export function complain(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // Nobody can be told any more; the exit code still says it.
  }
}

/** Says what is wrong and ends the process. Several problems are said in their order. */
export function fail(problem: Problem | readonly Problem[], code: number): never {
  const problems: readonly Problem[] = "message" in problem ? [problem] : problem;
  complain(problems.map(problemLines).join(""));
  process.exit(code);
}

const NO_FOLDER: Problem = {
  code: "no-cwd",
  message: "the working directory is gone or cannot be read",
  hint: "go to a project folder and run again",
};

/** The last resort: something threw that should not have. One line and 70; the trace only for those who ask for it. */
export function failAsBug(thrown: unknown): never {
  // Node's word for a working directory that was removed; every command may be the first to ask for it.
  if ((thrown as NodeJS.ErrnoException | null)?.syscall === "uv_cwd") fail(NO_FOLDER, EXIT.cannotStart);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const firstLine = message.split("\n", 1)[0] ?? "";
  if (process.env["RINGFENCE_DEBUG"] === "1" && thrown instanceof Error)
    complain(`${forTerminalLines(thrown.stack ?? "")}\n`);
  const hint = "this is a bug of ringfence; `RINGFENCE_DEBUG=1` shows where, please report it";
  fail({ code: "bug", message: `unexpected: ${firstLine}`, hint }, EXIT.bug);
}

/** A reader that went away (`ringfence log show | head`) ends the program as it ends any other: quietly, with 128 + SIGPIPE. */
export function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(128 + 13);
      // A full disk behind `> file` is the person's to mend, and what was printed so far is not whole.
      if (error.syscall === "write")
        fail({ code: "output", message: `what is printed cannot be written (${error.code ?? "?"})` }, 1);
      failAsBug(error);
    });
  }
}
