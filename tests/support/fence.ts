// A small plan and a run of it through the real `launch`, with files as the host's streams.
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RecorderEvent, SandboxPlan, WorkspacePlan } from "#core/sandbox";
import { type Fence, type FenceEvent, type FenceExit, launch } from "#sandbox";
import { helperPath } from "./installation.ts";

/** Folders of one fence in a test's own folder. */
export interface Stage {
  readonly workspace: string;
  readonly session: string;
  readonly folder: string;
}

/** Makes an empty workspace and session folders. */
export function stage(folder: string): Stage {
  const workspace = join(folder, "workspace");
  const session = join(folder, "session");
  for (const path of [workspace, ...["upper", "work", "mask", "home", "tmp"].map((name) => join(session, name))]) {
    mkdirSync(path, { recursive: true });
  }
  return { workspace, session, folder };
}

/** The system's programs, a home, /tmp, and the workspace. */
export function planFor(at: Stage, argv: readonly string[], changes: Partial<SandboxPlan> = {}): SandboxPlan {
  const { workspace, session } = at;
  const overlay: WorkspacePlan = {
    kind: "overlay",
    root: workspace,
    upper: join(session, "upper"),
    work: join(session, "work"),
    mask: join(session, "mask"),
  };
  return {
    mounts: [
      { kind: "ro-bind", source: "/usr", target: "/usr" },
      ...["bin", "sbin", "lib", "lib64"].map((name) => ({
        kind: "symlink" as const,
        to: `usr/${name}`,
        target: `/${name}`,
      })),
      { kind: "dir", target: "/etc", mode: 0o755 },
      { kind: "ro-bind", source: "/etc/alternatives", target: "/etc/alternatives" },
      { kind: "file", target: "/etc/passwd", content: "dev:x:1000:1000::/home/dev:/bin/sh\n" },
      { kind: "bind", source: join(session, "tmp"), target: "/tmp" },
      { kind: "bind", source: join(session, "home"), target: "/home/dev" },
    ],
    workspace: overlay,
    writable: [workspace, "/tmp", "/home/dev"],
    masked: [],
    cwd: workspace,
    argv,
    env: { PATH: "/usr/bin:/bin", HOME: "/home/dev" },
    uid: 1000,
    gid: 1000,
    hostname: "ringfence",
    ports: [],
    streams: { stdinTty: false, stdoutTty: false, stderrTty: false },
    limits: { pids: 0, fileSizeBytes: 0, watchMemoryBytes: 0, openFiles: 1024, processors: 0 },
    ...changes,
  };
}

/** What a run left. */
export interface Run {
  readonly exit: FenceExit;
  readonly out: string;
  readonly err: string;
  readonly events: readonly FenceEvent[];
  /** What the recorder saw, when the plan has one. */
  readonly seen: readonly RecorderEvent[];
}

/** Runs a plan to its end; a Problem is thrown. `during` gets the running fence. */
export async function runPlan(
  at: Stage,
  plan: SandboxPlan,
  options: {
    readonly input?: string | Buffer;
    /** Another bubblewrap than the system's. */
    readonly bwrap?: string;
    /** Holds the recorder up after each event. */
    readonly slowly?: (event: RecorderEvent) => Promise<void> | undefined;
    readonly during?: (fence: Fence, stdio: { readonly stdout: number }) => void;
    /** The command exists only when this has resolved; it is called while the fence is made. */
    readonly before?: () => Promise<void>;
  } = {},
): Promise<Run> {
  const [input, out, err] = ["in", "out", "err"].map((name) => join(at.folder, name)) as [string, string, string];
  writeFileSync(input, options.input ?? "");
  const stdio = { stdin: openSync(input, "r"), stdout: openSync(out, "w"), stderr: openSync(err, "w") };
  const events: FenceEvent[] = [];
  const seen: RecorderEvent[] = [];
  try {
    const deps = {
      helper: helperPath,
      bwrap: options.bwrap ?? "/usr/bin/bwrap",
      stdio,
      cgroups: [],
      ...(options.before === undefined ? {} : { mayRun: options.before() }),
      onEvent: (event: FenceEvent) => events.push(event),
      onSeen: (event: RecorderEvent) => {
        seen.push(event);
        return options.slowly?.(event);
      },
    };
    const fence = await launch(plan, deps);
    if (!fence.ok) throw new Error(`${fence.error.code}: ${fence.error.message}`);
    options.during?.(fence.value, stdio);
    const exit = await fence.value.exited;
    return { exit, out: readFileSync(out, "latin1"), err: readFileSync(err, "latin1"), events, seen };
  } finally {
    for (const fd of Object.values(stdio)) closeSync(fd);
  }
}
