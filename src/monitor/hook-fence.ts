// The fence of a session that has none of its own: shell commands of an agent outside run in it (DESIGN 4, `updatedInput`), so that walls stand at least
// around what it runs. It is started by the first command that needs it and ends with the session.
import { ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import type { Policy } from "#core/policy";
import { fencedCommand, type IdleRequest, type IdleSession, openIdleSession } from "./idle-session.ts";
import { sessionPaths } from "./sessions.ts";
import { wallsOf } from "./walls.ts";

/** What it needs. */
export interface HookFenceOptions {
  readonly request: IdleRequest;
  readonly append: Append;
}

/** The fence. */
export interface HookFence {
  readonly isOpen: boolean;
  /** The shell command that runs `command` inside. A Problem when there can be no fence: then the command does not run at all (I15). */
  command(command: string): Promise<Result<string, Problem>>;
  /** Ends everything inside. Idempotent. */
  close(): Promise<void>;
}

/**
 * Whether commands are to run in a fence. A person turns it off by `sandbox.mode: danger-full-access`. Denies of files cannot be held in the workspace
 * that such a fence shares with the agent: then there is none, and what no rule allows is asked about instead.
 */
export function wantsFence(policy: Policy): boolean {
  return policy.sandbox.mode !== "danger-full-access" && wallsOf(policy).unwritable.length === 0;
}

/** Nothing is started yet. */
export function openHookFence({ request, append }: HookFenceOptions): HookFence {
  const { helper } = request.installation;
  let opening: Promise<Result<IdleSession, readonly Problem[]>> | undefined;
  let closed = false;
  const open = async (): Promise<Result<IdleSession, readonly Problem[]>> => {
    const opened = await openIdleSession(request);
    if (!opened.ok) return opened;
    // Ended by a limit or by a person: the next command starts another one.
    void opened.value.ended.finally(() => {
      opening = undefined;
    });
    await append({ type: "exec.start", origin: "observed", data: { fence: opened.value.id } });
    return opened;
  };
  return {
    get isOpen(): boolean {
      return opening !== undefined;
    },
    command: async (command) => {
      if (closed) return { ok: false, error: { code: "fence-closed", message: "the session is over" } };
      opening ??= open().catch((error: Error) => {
        opening = undefined;
        throw error;
      });
      const opened = await opening;
      if (opened.ok) {
        const { dir: folder } = sessionPaths(request.stateDir, opened.value.id);
        return ok(fencedCommand({ helper, folder }, command));
      }
      opening = undefined; // what was missing may be there next time
      return { ok: false, error: noFence(opened.error) };
    },
    close: async () => {
      closed = true;
      const opened = await opening?.catch(() => undefined);
      if (opened?.ok === true) await opened.value.close();
    },
  };
}

function noFence([first]: readonly Problem[]): Problem {
  const why = first?.message ?? "the fence ended at once";
  const hint = `${first?.hint === undefined ? "" : `${first.hint}, or `}set \`sandbox.mode: danger-full-access\` to let hooks alone guard it`;
  return { code: "no-fence", message: `this command runs only in a fence, and there is none: ${why}`, hint };
}
