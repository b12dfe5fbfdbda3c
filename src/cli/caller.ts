// Who calls: home by the password database (never `HOME`, which an agent's leftover shell could have set), and where Ringfence keeps its state.
import { chmodSync, lstatSync, readdirSync, realpathSync, type Stats } from "node:fs";
import { type UserInfo, userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { EXIT, fail } from "./exit.ts";

/** Who calls, as the password database says it. Ends the process (125) for a user id that is not in it. */
export function callerAccount(): UserInfo<string> {
  const found = findAccount();
  return found.ok ? found.value : fail(found.error, EXIT.cannotStart);
}

/** The caller's home folder. Ends the process as callerAccount does. */
export function callerHome(): string {
  return callerAccount().homedir;
}

/** Where Ringfence keeps the caller's state (findStateDir). Ends the process (125) where that cannot be. */
export function callerStateDir(env: NodeJS.ProcessEnv): string {
  const found = findStateDir(env);
  return found.ok ? found.value : fail(found.error, EXIT.cannotStart);
}

/**
 * `$XDG_STATE_HOME/ringfence`, else `~/.local/state/ringfence`. A relative XDG_STATE_HOME is ignored, as the XDG specification wants.
 * A Problem for one on a kernel file system, or one that others could have filled.
 */
export function findStateDir(env: NodeJS.ProcessEnv): Result<string, Problem> {
  const named = env["XDG_STATE_HOME"];
  const home = named !== undefined && isAbsolute(named) ? ok(named) : findHome();
  if (!home.ok) return home;
  const base = home.value === named ? named : join(home.value, ".local/state");
  const refused = (message: string, hint: string): Result<never, Problem> =>
    err({ code: "state-folder", message, hint });
  // Node's recursive mkdir never ends where mkdir answers ENOENT below a folder that exists, as it does in /proc.
  // And a name there leads each process elsewhere (/proc/self/cwd).
  if ([base, realPath(base)].some((path) => /^\/(?:proc|sys)(?:\/|$)/.test(path)))
    return refused(
      `the state folder would be \`${base}\`, which is the kernel's`,
      "set XDG_STATE_HOME to a folder of yours, or unset it",
    );
  const folder = join(base, "ringfence");
  const why = distrust(folder);
  if (why === undefined) return ok(folder);
  return refused(
    `the state folder \`${folder}\` ${why}`,
    "look who made it; `chmod 700` makes it yours alone, and XDG_STATE_HOME names another one",
  );
}

function findHome(): Result<string, Problem> {
  const found = findAccount();
  return found.ok ? ok(found.value.homedir) : found;
}

function findAccount(): Result<UserInfo<string>, Problem> {
  try {
    return ok(userInfo());
  } catch {
    const uid = process.getuid?.() ?? "?";
    return err({
      code: "no-passwd-entry",
      message: `user id ${uid} has no entry in the password database, so there is no home folder to keep apart`,
      hint: "run as a user of this machine, or add an entry for it to /etc/passwd",
    });
  }
}

/** A repository may bring a folder and name it: what it was filled with would be cleaned up, and believed. The native client looks the same way. */
function distrust(folder: string): string | undefined {
  const found = look(folder);
  if (typeof found === "string") return `cannot be looked at (${found})`;
  if (found === undefined) return undefined; // made when it is needed, for this person alone
  if (!found.isDirectory()) return "is no folder";
  if (found.uid !== process.getuid?.()) return "belongs to another user";
  if ((found.mode & 0o077) === 0) return undefined;
  if (readdirSync(folder).length > 0) return "is open to others";
  chmodSync(folder, 0o700); // an empty one holds nothing to be believed
  return undefined;
}

function look(folder: string): Stats | string | undefined {
  try {
    return lstatSync(folder, { throwIfNoEntry: false });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error); // below a file, a loop of links, or a folder closed to us
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path); // not made yet
  }
}
