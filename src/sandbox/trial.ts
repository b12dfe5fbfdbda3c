// Doing one thing to see whether this machine lets us: a program run to its end, in the namespaces of a run or outside them.
import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A program that ran to its end: what it printed, or the last thing it complained about. */
export interface Trial {
  readonly worked: boolean;
  readonly output: string;
  readonly said: string;
}

/** Where bubblewrap may be. Absolute: a PATH that a repository can influence must not choose the program that makes the walls. */
export const BWRAP_PLACES: readonly string[] = [
  "/usr/bin/bwrap",
  "/bin/bwrap",
  "/usr/local/bin/bwrap",
  "/run/current-system/sw/bin/bwrap",
];
const PATH = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin:/run/current-system/sw/bin";

/** The same namespaces as a real run (core/sandbox/bwrap.ts), around the host's own read-only root. */
export const TRIAL_FENCE: readonly string[] = [
  ...["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup"],
  ...["--die-with-parent", "--as-pid-1", "--uid", "0", "--gid", "0", "--cap-add", "ALL"],
  ...["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"],
];

/** The bubblewrap that runs will use, or `undefined`. */
export function findBubblewrap(): string | undefined {
  return BWRAP_PLACES.find(isExecutable);
}

/** Runs `argv` in the namespaces of a run, the host's root read-only around it. */
export function inFence(argv: readonly string[], more: readonly string[] = []): Trial {
  const bwrap = findBubblewrap();
  if (bwrap === undefined) return { worked: false, output: "", said: "bubblewrap is not installed" };
  return run(bwrap, [...TRIAL_FENCE, ...more, "--", ...argv]);
}

/** Runs a program to its end with an environment of our own. Twenty seconds are enough for every trial. */
export function run(program: string, argv: readonly string[], input: Buffer = Buffer.alloc(0)): Trial {
  try {
    const output = execFileSync(program, argv, {
      input,
      env: { PATH, LC_ALL: "C", XDG_RUNTIME_DIR: `/run/user/${process.getuid?.()}` },
      timeout: 20_000,
      stdio: ["pipe", "pipe", "pipe"],
      encoding: "utf8",
    });
    return { worked: true, output: output.trim(), said: "" };
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string };
    if (code === "ENOENT") return { worked: false, output: "", said: `${program} is not installed` };
    return {
      worked: false,
      output: "",
      said: stderr?.trim().split("\n").at(-1) || `${program} failed (${code ?? "no message"})`,
    };
  }
}

/** May the caller execute this path? */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A folder of its own for one trial; `undefined` where the state folder cannot be made or written. */
export function makeTrialFolder(stateDir: string): string | undefined {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    return mkdtempSync(join(stateDir, "probe-"));
  } catch {
    return undefined;
  }
}

/** overlayfs leaves `w/work` with mode 000, made by this very user: open it, then remove. */
export function removeTrialFolder(folder: string): void {
  run("chmod", ["-R", "u+rwx", folder]);
  rmSync(folder, { recursive: true, force: true });
}
