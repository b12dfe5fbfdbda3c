// The fence of a session that has none of its own: shell commands of an agent outside run in it (DESIGN 4, `updatedInput`), so that walls stand at least
// around what it runs. It is started by the first command that needs it and ends with the session.
import { realpathSync } from "node:fs";
import { err, ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import type { Policy } from "#core/policy";
import { isInside } from "#core/shell";
import { fencedCommand, type IdleRequest, type IdleSession, openIdleSession } from "../exec/idle-session.ts";
import { wallsOf } from "../prepare/walls.ts";
import { sessionPaths } from "../session-folders.ts";

/** What it needs. */
export interface HookFenceOptions {
  readonly request: IdleRequest;
  readonly append: Append;
  /** As it is now: walls that are no longer what it asks for make way for others, with everything that runs in them. */
  readonly policy: () => Policy;
}

/** The fence. */
export interface HookFence {
  readonly isOpen: boolean;
  /** The shell command that runs `command` inside, from `cwd`. A Problem when it cannot: then the command does not run at all (I15). */
  command(command: string, cwd: string): Promise<Result<string, Problem>>;
  /** Under this policy: ends everything inside where it asks for other walls, or for none. */
  renew(policy: Policy): Promise<void>;
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
export function openHookFence({ request, append, policy }: HookFenceOptions): HookFence {
  const { helper } = request.installation;
  let opening: Promise<Result<IdleSession, readonly Problem[]>> | undefined;
  let madeFor = "";
  let closed = false;
  const open = async (): Promise<Result<IdleSession, readonly Problem[]>> => {
    const opened = await openIdleSession(request);
    if (!opened.ok) return opened;
    try {
      await append({ type: "exec.start", origin: "observed", data: { fence: opened.value.id } });
    } catch (error) {
      await opened.value.close();
      throw error;
    }
    return opened;
  };
  const end = async (fence: typeof opening): Promise<void> => {
    const opened = await fence?.catch(() => undefined);
    if (opened?.ok === true) await opened.value.close();
  };
  /** Another one in place of `before`. It is forgotten when it fails, or is ended by a limit or a person: the next command starts the next. */
  const start = (before: typeof opening): NonNullable<typeof opening> => {
    const mine = end(before).then(open);
    const forget = (): void => {
      if (opening === mine) opening = undefined;
    };
    opening = mine;
    void mine.then((opened) => (opened.ok ? opened.value.ended.then(forget) : forget())).catch(forget);
    return mine;
  };
  return {
    get isOpen(): boolean {
      return opening !== undefined;
    },
    command: async (command, cwd) => {
      if (closed) return err({ code: "fence-closed", message: "the session is over" });
      if (!isInside(request.cwd, realPath(cwd))) return err(elsewhere(cwd, request.cwd));
      const wanted = wallsText(policy());
      const fence = opening !== undefined && wanted === madeFor ? opening : start(opening);
      madeFor = wanted;
      const opened = await fence;
      if (!opened.ok) return err(noFence(opened.error));
      const { dir: folder } = sessionPaths(request.stateDir, opened.value.id);
      return ok(fencedCommand({ helper, folder }, command));
    },
    renew: async (next) => {
      const old = opening;
      if (wantsFence(next) && wallsText(next) === madeFor) return;
      opening = undefined;
      await end(old);
    },
    close: async () => {
      closed = true;
      await end(opening);
    },
  };
}

/** What of a policy a fence is made of: a fence that was made of something else is not the one that the policy asks for. */
function wallsText({ tier, sandbox, env, permissions: { deny } }: Policy): string {
  return JSON.stringify({ tier, sandbox, env, deny }, (key, value) => (key === "at" ? undefined : value));
}

/** What is not in the workspace is not in its fence. */
function elsewhere(cwd: string, root: string): Problem {
  const message = `shell commands run in a fence around \`${root}\`, and \`${cwd}\` is not in it`;
  return { code: "fence-elsewhere", message, hint: `\`cd ${root}\` first` };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // gone: the shell will say so
  }
}

function noFence([first]: readonly Problem[]): Problem {
  const why = first?.message ?? "the fence ended at once";
  const hint = `${first?.hint === undefined ? "" : `${first.hint}, or `}set \`sandbox.mode: danger-full-access\` to let hooks alone guard it`;
  return { code: "no-fence", message: `this command runs only in a fence, and there is none: ${why}`, hint };
}
