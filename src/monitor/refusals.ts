// Why a command was not run, with its exit code (DESIGN 5).
import { err, type Problem, type Result } from "#core";
import type { Refusal } from "./request.ts";

/** It cannot be done here. */
export function cannot(...problems: readonly Problem[]): Result<never, Refusal> {
  return err({ exitCode: 125, problems });
}

/** The policy says no. */
export function refusedByPolicy(problem: Problem): Result<never, Refusal> {
  return err({ exitCode: 126, problems: [problem] });
}

/** What was typed is usage; what stands in a file is that file's. */
export function badInput(problems: readonly Problem[]): Result<never, Refusal> {
  const typed = problems.every(({ at }) => at?.file === "command line");
  return err({ exitCode: typed ? 64 : 65, problems });
}
