// The fence as plain data (DESIGN 8): what is seen, what is masked, what runs, under which limits.
// Pure and golden-tested; `sandbox/launch.ts` turns it into bubblewrap's arguments and the helper's program, and nothing else decides.

import type { BridgePlan } from "./bridge.ts";
import type { RecorderPlan } from "./recorder.ts";

/** One thing of the host that is seen inside, in the order of mounting. Destinations are absolute. */
export type Mount =
  | { readonly kind: "ro-bind"; readonly source: string; readonly target: string }
  /** As `ro-bind`, but only its files: the sockets and pipes in it, also those that appear later, lead to nobody. */
  | { readonly kind: "still"; readonly source: string; readonly target: string }
  | { readonly kind: "bind"; readonly source: string; readonly target: string }
  /** A `bind` of somebody else's folder: the sockets and pipes that are in it at the start are covered. */
  | { readonly kind: "live"; readonly source: string; readonly target: string }
  | { readonly kind: "dir"; readonly target: string; readonly mode: number }
  | { readonly kind: "tmpfs"; readonly target: string; readonly sizeBytes: number }
  | { readonly kind: "symlink"; readonly to: string; readonly target: string }
  /** A small generated file such as /etc/passwd; read-only inside. */
  | { readonly kind: "file"; readonly target: string; readonly content: string | Uint8Array };

/** How the workspace is shown at `root` (the same absolute path as outside). */
export type WorkspacePlan =
  | {
      readonly kind: "overlay";
      readonly root: string;
      /** What is shown below the changes when that is not `root` itself: a private copy of it. */
      readonly lower?: string;
      /** Session-owned folders on one file system; `upper` holds the agent's changes afterwards, and only those. */
      readonly upper: string;
      readonly work: string;
      /** Session-owned folder for a middle layer of whiteouts: `masked` paths vanish without touching `upper`. */
      readonly mask: string;
      /** The workspace's repository when it lies elsewhere (a linked worktree's, a submodule's): copy-on-write at its own place. */
      readonly repository?: { readonly root: string; readonly upper: string; readonly work: string };
    }
  | {
      readonly kind: "direct";
      readonly root: string;
      /** Protected names (see core/paths/protected.ts), enforced live by the helper's guard. */
      readonly guard: GuardPlan;
      /** Folder of the session's past, where the guard keeps what it replaces, up to so many bytes (SAND-10). */
      readonly past?: { readonly folder: string; readonly bytes: number };
    }
  | { readonly kind: "read-only"; readonly root: string };

/** What the guard of a `direct` workspace refuses (SAND-3): by write, create, rename, link, or swapped folder, at any depth. */
export interface GuardPlan {
  /**
   * Relative patterns, lower case, components separated by `/`: `.git/hooks`, `.github/workflows`, `.npmrc`.
   * A pattern matches where its components stand one after another at any depth below the root; everything below a match is protected.
   */
  readonly names: readonly string[];
  /** Folders such as `node_modules` below which `names` do not apply. */
  readonly exceptBelow: readonly string[];
}

/** The three standard streams: each is relayed, so no descriptor of the host ever reaches the command. */
export interface StreamsPlan {
  /** True when the outer stream is a terminal: the command gets a private pty for these. */
  readonly stdinTty: boolean;
  readonly stdoutTty: boolean;
  readonly stderrTty: boolean;
}

/** Kernel limits that the helper sets itself; the rest (cgroup, time) is the supervisor's. */
export interface HelperLimits {
  readonly pids: number;
  readonly fileSizeBytes: number;
  /** Descriptors of one process. */
  readonly openFiles: number;
  /** Pinned to so many processors where no cgroup gives a share; 0: not pinned. */
  readonly processors: number;
  /** Sum of private memory of all processes that the helper watches, or 0 when a cgroup does it. */
  readonly watchMemoryBytes: number;
}

/** The filtered view of git's objects (CRED-6): files that are shown in place of others, and files that are left out with them. */
export interface ObjectsPlan {
  /** The mask layer of the overlay was filled before. */
  readonly layered: boolean;
  /** Laid over the target, read-only: for what is in no mask layer. */
  readonly instead: readonly { readonly target: string; readonly source: string }[];
  /** Absolute paths that are not there. */
  readonly hidden: readonly string[];
}

/** What the helper must know of an engine. */
export interface EnginePlan {
  /** `runsc`: it gets capabilities of its own (native/engine.h); `machine`: an ordinary command (native/machine.h). */
  readonly kind: "runsc" | "machine";
  /** The command that takes a signal to the agent; the signal's number follows it. */
  readonly signal: readonly string[];
}

/** Everything `launch` needs. */
export interface SandboxPlan {
  readonly mounts: readonly Mount[];
  readonly workspace: WorkspacePlan;
  /**
   * What may be written, as the policy means it: said once more, apart from the mounts, for Landlock. Whatever stands here is writable only if its mount
   * is, too; what does not stand here is not, however it is mounted. (native/landlock.h)
   */
  readonly writable: readonly string[];
  /** Where the kernel has no Landlock, nothing runs. Else the second layer is left out, and that is told. */
  readonly landlock?: "require";
  /** Absolute paths below the workspace that must not be there (secret files present at start). */
  readonly masked: readonly string[];
  /** git's objects without masked blobs (`ObjectsPlan`); absent where no repository holds any. */
  readonly objects?: ObjectsPlan;
  readonly cwd: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The single user seen inside. */
  readonly uid: number;
  readonly gid: number;
  readonly hostname: string;
  /** Absent when the network is closed. */
  readonly bridge?: BridgePlan;
  /** Ports inside that are published: the helper connects to 127.0.0.1:port inside for each connection the supervisor hands over. */
  readonly ports: readonly number[];
  readonly streams: StreamsPlan;
  readonly limits: HelperLimits;
  /** The command is an engine that runs the agent in a kernel of its own (native/engine.h); see `engine.ts`. */
  readonly engine?: EnginePlan;
  /** What the flight recorder takes down; absent only in fences that run nothing of the agent's (probes, git for the review). */
  readonly recorder?: RecorderPlan;
}
