// Who types `ringfence`: the caller of the tests and, where that is root, an ordinary user besides. Each has a home, a state folder and
// workspaces of its own below the test's folder; a command runs outside (the control) or in the fence, in the same folder.
import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { launcher } from "./installation.ts";
import { ordinaryUser } from "./user.ts";

/** What a program did. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How one command is started. */
export interface Start {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** One caller. */
export interface Caller {
  readonly name: "root" | "user";
  readonly home: string;
  readonly state: string;
  readonly env: Readonly<Record<string, string>>;
  /** A fresh folder of this caller's. */
  folder(name: string): string;
  /** The argument vector that runs `argv` as this caller. */
  as(argv: readonly string[]): readonly string[];
  /** Runs it outside. */
  outside(argv: readonly string[], start: Start): Ended;
  /** Runs `ringfence ARGS`. */
  ringfence(args: readonly string[], start: Start): Ended;
}

/** The callers that this machine can show; `folder` must be enterable by everybody. */
export function callersIn(folder: string): readonly Caller[] {
  const isRoot = process.getuid?.() === 0;
  const user = ordinaryUser(join(made(folder, "user")));
  const own = caller("user", made(folder, "user"), { uid: user.uid, gid: user.gid, as: (argv) => user.as(argv) });
  return isRoot ? [caller("root", made(folder, "root"), { uid: 0, gid: 0, as: (argv) => argv }), own] : [own];
}

interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly as: (argv: readonly string[]) => readonly string[];
}

function caller(name: Caller["name"], folder: string, { uid, gid, as }: Identity): Caller {
  const owned = (path: string): string => {
    mkdirSync(path, { recursive: true });
    chownSync(path, uid, gid);
    return realpathSync(path);
  };
  owned(folder);
  const home = owned(join(folder, "home"));
  const state = owned(join(folder, "state"));
  // Not the tests' own PATH: its folders may be closed to somebody else.
  const env = {
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    XDG_STATE_HOME: state,
    LANG: "C.UTF-8",
  };
  const outside = (argv: readonly string[], start: Start): Ended => {
    const [file = "", ...args] = as(argv);
    return spawnSync(file, args, {
      cwd: start.cwd,
      env: { ...env, ...start.env },
      input: start.input ?? "",
      encoding: "utf8",
      timeout: start.timeoutMs ?? 60_000,
      maxBuffer: 1 << 26,
    });
  };
  return {
    name,
    home,
    state,
    env,
    folder: (path) => owned(join(folder, path)),
    as,
    outside,
    ringfence: (args, start) => outside([launcher, ...args], start),
  };
}

function made(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}
