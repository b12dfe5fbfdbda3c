// Who calls: home by the password database (never `HOME`, which an agent's leftover shell could have set), and where Ringfence keeps its state.
import { lstatSync, realpathSync } from "node:fs";
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
 * Ends the process (125) for one on a kernel file system, or one that others could have filled.
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
  const folder = join(base, "ringfence");
  const why = distrust(folder);
  if (why === undefined) return folder;
  const hint = `look who made it; a state folder of yours alone is made by \`chmod 700\`, another one named by XDG_STATE_HOME`;
  return fail({ code: "state-folder", message: `the state folder \`${folder}\` ${why}`, hint }, EXIT.cannotStart);
}

/** A repository may bring a folder and name it: what it was filled with would be cleaned up, and believed. The native client looks the same way. */
function distrust(folder: string): string | undefined {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return undefined; // made when it is needed, for this person alone
  if (!found.isDirectory()) return "is no folder";
  if (found.uid !== process.getuid?.()) return "belongs to another user";
  return (found.mode & 0o077) === 0 ? undefined : "is open to others";
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path); // not made yet
  }
}
