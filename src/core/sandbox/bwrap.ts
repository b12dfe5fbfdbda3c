// bubblewrap's arguments for a plan (reference: bwrap(1)). Pure, golden-tested. Bubblewrap makes the namespaces and binds
// what the plan names; the helper, which it starts as the first process, finishes the fence (native/outer.c).
import type { Mount, SandboxPlan, WorkspacePlan } from "./plan.ts";

/** Where the helper finds the session's folders while it builds the view. It unmounts all of it before the command starts. */
const STAGING = "/.ringfence";

/** The device nodes of the host that exist inside; the helper makes the inodes read-only. */
const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"] as const;

type Overlay = Extract<WorkspacePlan, { kind: "overlay" }>;

/** The overlay's layers as the helper sees them. `upper` and `work` share one bind: the kernel wants them on one mount. */
export function stagingPlaces(overlay: Overlay): {
  readonly session: string;
  readonly lower: string;
  readonly mask: string;
  readonly upper: string;
  readonly work: string;
  readonly repository?: { readonly lower: string; readonly upper: string; readonly work: string };
} {
  const session = commonFolder(overlay.upper, overlay.work);
  const staged = (path: string): string => `${STAGING}/session${path.slice(session.length)}`;
  const { repository } = overlay;
  return {
    session,
    lower: `${STAGING}/lower`,
    mask: `${STAGING}/mask`,
    upper: staged(overlay.upper),
    work: staged(overlay.work),
    ...(repository === undefined
      ? {}
      : {
          repository: {
            lower: `${STAGING}/repository`,
            upper: staged(repository.upper),
            work: staged(repository.work),
          },
        }),
  };
}

/** The deepest folder above both paths; `""` when that is the root itself. */
function commonFolder(a: string, b: string): string {
  const left = a.split("/").slice(0, -1);
  const right = b.split("/").slice(0, -1);
  const differs = left.findIndex((part, at) => part !== right[at]);
  return left.slice(0, differs < 0 ? left.length : differs).join("/");
}

/** Everything after `bwrap`, the helper's command included. Hostile text in paths is harmless: no argument is parsed twice. */
export function bwrapArguments(plan: SandboxPlan, helper: string): readonly string[] {
  return [
    ...namespaces(plan.hostname),
    ...plan.mounts.flatMap(mountArguments),
    ...workspaceArguments(plan.workspace),
    // Not `--dev`: it would bind the person's terminal as /dev/console, and with a user other than 0 nest a user namespace.
    ...["--tmpfs", "/dev"],
    ...DEVICES.flatMap((name) => ["--dev-bind", `/dev/${name}`, `/dev/${name}`]),
    ...["--proc", "/proc"],
    ...["--tmpfs", STAGING, "--ro-bind", helper, `${STAGING}/helper`],
    ...stagingArguments(plan.workspace),
    ...["--", `${STAGING}/helper`, "fence"],
  ];
}

function namespaces(hostname: string): readonly string[] {
  return [
    ...["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup"],
    ...["--die-with-parent", "--as-pid-1"],
    // Root of the fence's own user namespace, for the helper alone; the command becomes an ordinary user further in.
    ...["--uid", "0", "--gid", "0", "--cap-add", "ALL"],
    ...["--clearenv", "--hostname", hostname, "--chdir", "/"],
  ];
}

function mountArguments(mount: Mount): readonly string[] {
  switch (mount.kind) {
    case "ro-bind":
    case "still":
      return ["--ro-bind", mount.source, mount.target];
    case "bind":
    case "live":
      return ["--bind", mount.source, mount.target];
    case "dir":
      return ["--perms", mount.mode.toString(8).padStart(4, "0"), "--dir", mount.target];
    case "tmpfs":
      return ["--size", String(mount.sizeBytes), "--tmpfs", mount.target];
    case "symlink":
      return ["--symlink", mount.to, mount.target];
    case "file":
      return []; // the helper's: content never passes through arguments, which other users can read
    default:
      return mount satisfies never;
  }
}

function workspaceArguments(workspace: WorkspacePlan): readonly string[] {
  switch (workspace.kind) {
    case "overlay":
      return [workspace.root, ...(workspace.repository === undefined ? [] : [workspace.repository.root])].flatMap(
        (root) => ["--dir", root],
      );
    case "direct":
      return ["--bind", workspace.root, workspace.root];
    case "read-only":
      return ["--ro-bind", workspace.root, workspace.root];
    default:
      return workspace satisfies never;
  }
}

function stagingArguments(workspace: WorkspacePlan): readonly string[] {
  if (workspace.kind === "direct" && workspace.past !== undefined)
    return ["--bind", workspace.past.folder, `${STAGING}/past`];
  if (workspace.kind !== "overlay") return [];
  const places = stagingPlaces(workspace);
  return [
    ...["--ro-bind", workspace.lower ?? workspace.root, places.lower],
    ...["--bind", places.session, `${STAGING}/session`],
    ...["--bind", workspace.mask, places.mask],
    ...(workspace.repository === undefined || places.repository === undefined
      ? []
      : ["--ro-bind", workspace.repository.root, places.repository.lower]),
  ];
}
