// Who calls: home by the password database (never `HOME`, which an agent's leftover shell could have set), and where Ringfence keeps its state.
import { realpathSync } from "node:fs";
import { userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { EXIT, fail } from "./exit.ts";

/** The caller's home folder by the password database. Ends the process (125) for a user id that is not in it. */
export function callerHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    const uid = process.getuid?.() ?? "?";
    const message = `user id ${uid} has no entry in the password database, so there is no home folder to keep apart`;
    fail(
      {
        code: "no-passwd-entry",
        message,
        hint: "run as a user of this machine, or add an entry for it to /etc/passwd",
      },
      EXIT.cannotStart,
    );
  }
}

/**
 * `$XDG_STATE_HOME/ringfence`, else `~/.local/state/ringfence`. A relative XDG_STATE_HOME is ignored, as the XDG specification wants.
 * Ends the process (125) for one on a kernel file system.
 */
export function callerStateDir(env: NodeJS.ProcessEnv): string {
  const named = env["XDG_STATE_HOME"];
  const base = named !== undefined && isAbsolute(named) ? named : join(callerHome(), ".local/state");
  // Node's recursive mkdir never ends where mkdir answers ENOENT below a folder that exists, as it does in /proc.
  if (/^\/(?:proc|sys)(?:\/|$)/.test(realPath(base))) {
    const message = `the state folder would be \`${base}\`, which is the kernel's`;
    fail(
      { code: "state-folder", message, hint: "set XDG_STATE_HOME to a folder of yours, or unset it" },
      EXIT.cannotStart,
    );
  }
  return join(base, "ringfence");
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path); // not made yet
  }
}
