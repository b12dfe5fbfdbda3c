// Starting the hook host from Node, as native/hook_host.c does it: in a session of its own, with nothing of the caller's surroundings, because
// a repository may have set those of an agent.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";

/** Starts `ringfence host --foreground` of this installation; whether it answers is seen by connecting. False when there is no launcher. */
export function startHost(root: string, stateDir: string): boolean {
  const launcher = join(root, "ringfence");
  if (!existsSync(launcher)) return false;
  const child = spawn(launcher, ["host", "--foreground"], {
    cwd: "/",
    detached: true,
    stdio: "ignore",
    env: { PATH: hostPath(root), XDG_STATE_HOME: dirname(stateDir), LANG: "C.UTF-8" },
  });
  child.on("error", () => undefined); // nobody will listen, and that is what the caller looks at
  child.unref();
  return true;
}

/** The folder of the Node that the launcher remembers, then the system's. */
function hostPath(root: string): string {
  try {
    const folder = dirname(readFileSync(join(root, "build/node"), "utf8").split("\n", 1)[0] ?? "");
    return folder.startsWith("/") && !folder.includes(":") ? `${folder}:${SYSTEM_PATH}` : SYSTEM_PATH;
  } catch {
    return SYSTEM_PATH; // never asked yet
  }
}
