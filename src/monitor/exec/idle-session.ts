// A fence that waits for commands: for agents that run outside and whose shell commands are rewritten to run inside (DESIGN 4, `updatedInput`).
// It is an ordinary session with a first command that does nothing, kept by a program instead of a person.
import { closeSync, openSync } from "node:fs";
import { err, ok, type Problem, type Result } from "#core";
import type { RunAnswer, RunRequest } from "../request.ts";
import { runSession } from "../session.ts";

/** What a keeper says of the session; everything else of a run is fixed. */
export type IdleRequest = Pick<
  RunRequest,
  "cwd" | "caller" | "stateDir" | "installation" | "policyFile" | "commandLine"
> & {
  /** One line for the person while it is prepared; nowhere when absent. */
  readonly progress?: (line: string) => void;
};

/** A fence that waits. */
export interface IdleSession {
  readonly id: string;
  /** Resolves when the session is over, by `close`, a limit, or because its supervisor's record failed. */
  readonly ended: Promise<RunAnswer>;
  /** Ends it with everything inside. Idempotent. */
  close(): Promise<RunAnswer>;
}

/** Starts it in a `direct` workspace: what runs inside changes what the agent outside sees. Resolves when commands are taken. */
export async function openIdleSession(request: IdleRequest): Promise<Result<IdleSession, readonly Problem[]>> {
  const nothing = openSync("/dev/null", "r+");
  const stop = new AbortController();
  let running: ((id: string) => void) | undefined;
  const started = new Promise<string>((resolve) => {
    running = resolve;
  });
  const ended = runSession({
    ...request,
    argv: ["sleep", "infinity"],
    commandLine: withDirect(request.commandLine),
    stdio: { stdin: nothing, stdout: nothing, stderr: nothing },
    terminals: { stdin: false, stdout: false, stderr: false },
    progress: request.progress ?? ((): void => undefined),
    keeper: { started: (id) => running?.(id), stop: stop.signal },
    dryRun: false,
  }).finally(() => closeSync(nothing));
  const first = await Promise.race([started, ended]);
  if (typeof first !== "string") {
    const problems = first.kind === "refused" ? first.problems : [];
    return err(problems.length > 0 ? problems : [{ code: "idle-ended", message: "the session ended at once" }]);
  }
  const close = (): Promise<RunAnswer> => {
    stop.abort();
    return ended;
  };
  return ok({ id: first, ended, close });
}

/** The one word of the keeper's own; the policy's files may still forbid it. */
function withDirect(commandLine: object): object {
  const { sandbox } = commandLine as { readonly sandbox?: object };
  return { ...commandLine, sandbox: { ...sandbox, workspace: "direct" } };
}

/**
 * The shell command that runs `command` in a session, for a shell of the host: what `ringfence exec` does, by the native helper, because an agent
 * waits for it at every step. `folder` is the session's own (`sessionPaths`).
 */
export function fencedCommand(place: { readonly helper: string; readonly folder: string }, command: string): string {
  return [place.helper, "exec", place.folder, "--", "bash", "-c", command].map(quoted).join(" ");
}

/** One word for any POSIX shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
