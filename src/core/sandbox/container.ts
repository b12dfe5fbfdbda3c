// A plan for a container's engine (podman): what its nest binds, the engine's arguments, and how the helper makes the root inside. Pure, golden-tested.
// The engine makes the namespaces and the container's own user namespace; every path of the plan goes round it, through the nest (native/nest.h) and the
// helper (native/root.h), because engines read commas, colons and quotes in a mount as their own language.
import { layoutSteps } from "./layout.ts";
import type { SandboxPlan } from "./plan.ts";
import type { ProgramRecord } from "./program.ts";

/** Where the nest has the engine's things. */
const ENGINE = "/run/engine";

/** What the supervisor hands to the helper: 3 to 10 (native/helper.h). */
const DESCRIPTORS = 8;

/**
 * Capabilities of the container's own user namespace for the helper, which finishes the fence: mounts, the nested user namespace, the recorder. The agent
 * has none, in any namespace. What is not here (raw sockets, modules, clock, reboot, audit, boot …) not even the helper has.
 */
const HELPER_CAPABILITIES = [
  // SETFCAP: without it the kernel maps nobody else onto the container's root (user_namespaces(7)).
  ...["SETFCAP", "SYS_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "SETUID", "SETGID", "SETPCAP", "SYS_RESOURCE"],
  ...["DAC_OVERRIDE", "DAC_READ_SEARCH", "CHOWN", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE"],
] as const;

/** One plan, as a container. */
export interface ContainerPlan {
  /** What the nest binds at /m/0, /m/1, … of the container. */
  readonly sources: readonly { readonly path: string; readonly writable: boolean }[];
  /** In front of the helper's program. */
  readonly root: readonly ProgramRecord[];
}

/** The sources and the root of a plan. */
export function containerPlan(plan: SandboxPlan): ContainerPlan {
  const sources: { path: string; writable: boolean }[] = [];
  const root = layoutSteps(plan).flatMap((step): ProgramRecord[] => {
    switch (step.kind) {
      case "ro-bind":
      case "bind":
        sources.push({ path: step.source, writable: step.kind === "bind" });
        return [["place", `/m/${sources.length - 1}`, step.target]];
      case "device":
        return [["place", step.source, step.target]];
      case "dir":
        return [["folder", (step.mode ?? 0o755).toString(8), step.target]];
      case "tmpfs":
        return [["space", step.sizeBytes ?? 0, step.target]];
      case "symlink":
        return [["link", step.to, step.target]];
      case "proc":
        return []; // the engine's, of the container's processes, comes along
      default:
        return step satisfies never;
    }
  });
  return { sources, root };
}

/** How the engine is used for one plan. Paths are absolute. */
export interface EngineUse {
  /** A file with `containerProfile`. */
  readonly profile: string;
  readonly podman: string;
  readonly ociRuntime: string;
  readonly hostname: string;
}

/** The helper's `nest` with the engine in it: everything after the helper's path. */
export function nestArguments({ sources }: ContainerPlan, engine: EngineUse): readonly string[] {
  return [
    ...["nest", "--profile", engine.profile],
    ...sources.flatMap(({ path, writable }) => [writable ? "--rw" : "--ro", path]),
    ...["--", engine.podman, ...podmanArguments(engine)],
  ];
}

/** Constant but for words of ours: no path and no text of a plan is among them. */
function podmanArguments(engine: EngineUse): readonly string[] {
  return [
    ...[
      "--root",
      `${ENGINE}/root`,
      "--runroot",
      `${ENGINE}/run`,
      "--tmpdir",
      `${ENGINE}/tmp`,
      "--storage-driver",
      "vfs",
    ],
    ...["--cgroup-manager", "cgroupfs", "--events-backend", "none", "--runtime", engine.ociRuntime],
    ...["run", "--rm", "--name", "fence", "--log-driver", "none", "--preserve-fds", String(DESCRIPTORS)],
    ...["--read-only", "--read-only-tmpfs=false", "--security-opt", "no-new-privileges"],
    ...["--security-opt", `seccomp=${ENGINE}/seccomp.json`, "--security-opt", "label=disable"],
    // The helper covers /proc itself, and more of it; with the engine's covers the kernel would let nobody make the agent's own /proc.
    ...["--security-opt", "unmask=ALL"],
    ...["--cap-drop", "ALL", ...HELPER_CAPABILITIES.flatMap((name) => ["--cap-add", name])],
    // A second user namespace below the nest's, again with the caller alone in it.
    ...["--uidmap", "0:0:1", "--gidmap", "0:0:1", "--network", "none", "--ipc", "private", "--pid", "private"],
    ...["--uts", "private", "--cgroupns", "private", "--hostname", engine.hostname],
    // The session's own cgroup holds the engine and all that it starts; a second one would need rights that the nest does not have.
    ...["--cgroups", "disabled", "--ulimit", "host"],
    ...["--no-hosts", "--http-proxy=false", "--unsetenv-all", "--systemd", "false", "--sdnotify", "ignore"],
    ...["--pull", "never", "--rootfs", `${ENGINE}/rootfs`, "/helper", "fence"],
  ];
}
