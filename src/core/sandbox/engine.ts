// A plan carried out by gVisor's runsc inside the fence: the same view, workspace and bridge, but what the fence starts is the engine, and the
// engine starts the agent in its own kernel (native/engine.h, native/guest.h). Pure, golden-tested.
import { reachesHostFiles } from "./layout.ts";
import type { Mount, SandboxPlan } from "./plan.ts";
import type { FurtherCommand } from "./program.ts";
import { type Architecture, seccompFilter } from "./seccomp.ts";

const ENGINE = "/.engine";
const RUNSC = `${ENGINE}/runsc`;
const BUNDLE = `${ENGINE}/bundle`;
/** The name of the one container, in a state folder that is the fence's own. */
const CONTAINER = "agent";
/** In the view, and so in the guest. */
const GUEST = "/run/ringfence/guest";
const FILTER = "/run/ringfence/filter";
const BEGUN = "/run/ringfence/begun";

/** What of the host the engine needs. Absolute paths. */
export interface EnginePlaces {
  readonly runsc: string;
  readonly helper: string;
  /** A Unix socket that is connected to as soon as the guest's kernel can start the agent. */
  readonly begun: string;
  readonly architecture: Architecture;
}

/** The plan in which runsc runs `plan`'s command. */
export function runscPlan(plan: SandboxPlan, places: EnginePlaces): SandboxPlan {
  const mounts: readonly Mount[] = [
    { kind: "tmpfs", target: ENGINE, sizeBytes: 2 ** 26 },
    { kind: "ro-bind", source: places.runsc, target: RUNSC },
    { kind: "file", target: `${BUNDLE}/config.json`, content: JSON.stringify(ociConfig(plan)) },
    { kind: "ro-bind", source: places.helper, target: GUEST },
    { kind: "ro-bind", source: places.begun, target: BEGUN },
    { kind: "file", target: FILTER, content: guestFilter(plan, places.architecture) },
  ];
  return {
    ...withoutRecorder(plan),
    // Runsc itself takes none further (`run`), and whom the terminal means is known in the guest alone: everybody in it hears of it.
    engine: { kind: "runsc", signal: [...engineCommand("kill"), "--all", CONTAINER] },
    mounts: [...plan.mounts, ...mounts],
    cwd: "/",
    argv: [...engineCommand("run"), "--bundle", BUNDLE, CONTAINER],
    env: { PATH: "/usr/bin:/bin" },
    // The engine's memory is a file to the host's kernel, so the limit of a file's size is the guest's (`rlimits`).
    limits: { ...plan.limits, fileSizeBytes: 0, pids: plan.limits.pids === 0 ? 0 : plan.limits.pids + ENGINE_THREADS },
  };
}

/** One more command in the same guest. */
export function runscCommand(plan: SandboxPlan, command: FurtherCommand): FurtherCommand {
  const cwd = ["--cwd", command.cwd];
  // Only what differs: the rest is the container's own, and stands in no arguments, which other users of the host can read.
  const variables = Object.entries(command.env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  return {
    ...command,
    cwd: "/",
    env: {},
    argv: [
      ...engineCommand("exec"),
      ...["--user", "0:0", ...cwd, ...variables, CONTAINER],
      ...guestArguments(plan, { begun: "-", argv: command.argv }),
    ],
  };
}

/** Threads of runsc's own processes, which count as the caller's. */
const ENGINE_THREADS = 512;

function engineCommand(errand: string): readonly string[] {
  return [
    RUNSC,
    ...["--root", `${ENGINE}/state`, "--rootless", "--ignore-cgroups", "--platform", "ptrace"],
    // The fence's own network namespace: loopback, and nothing behind it but the bridge.
    ...["--network", "host"],
    // Nothing is kept back in the engine's memory: what the agent wrote is in the workspace when the session is ended by force.
    ...["--file-access", "shared", "--overlay2", "none"],
    // The sockets that the view shows are the plan's: the hooks' and those that the policy names.
    ...["--host-uds", "open"],
    errand,
  ];
}

function guestArguments(
  plan: SandboxPlan,
  options: { readonly begun: string; readonly argv: readonly string[] },
): readonly string[] {
  return [GUEST, "guest", `${plan.uid}`, `${plan.gid}`, FILTER, options.begun, "--", ...options.argv];
}

/** The OCI bundle's config.json (opencontainers/runtime-spec, config.md). */
function ociConfig(plan: SandboxPlan): object {
  const { limits, streams } = plan;
  const limit = (type: string, most: number): object[] => (most === 0 ? [] : [{ type, soft: most, hard: most }]);
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: streams.stdinTty && streams.stdoutTty && streams.stderrTty,
      // Root of the guest's kernel for one step: `guest` becomes the agent's user, without any capability.
      user: { uid: 0, gid: 0 },
      args: guestArguments(plan, { begun: BEGUN, argv: plan.argv }),
      env: Object.entries(plan.env).map(([name, value]) => `${name}=${value}`),
      cwd: plan.cwd,
      capabilities: Object.fromEntries(
        ["bounding", "effective", "permitted"].map((set) => [set, ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"]]),
      ),
      rlimits: [...limit("RLIMIT_FSIZE", limits.fileSizeBytes), ...limit("RLIMIT_NPROC", limits.pids)],
      noNewPrivileges: true,
    },
    root: { path: `${ENGINE}/root`, readonly: false },
    hostname: plan.hostname,
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "dev" },
    ],
    linux: { namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })) },
  };
}

function guestFilter(plan: SandboxPlan, architecture: Architecture): Uint8Array {
  return seccompFilter({ architecture, refuseSetGroupId: reachesHostFiles(plan) });
}

/** The recorder would see the engine's programs and files, not the agent's. */
function withoutRecorder(plan: SandboxPlan): SandboxPlan {
  const { recorder: _, ...rest } = plan;
  return rest;
}
