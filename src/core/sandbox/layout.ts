// What stands where before the helper finishes the fence: one ordered list, whoever makes the namespaces (bubblewrap, or a container's engine and the
// helper). Later steps lie over earlier ones. Pure.
import type { Mount, SandboxPlan, WorkspacePlan } from "./plan.ts";

/** One step. Targets are absolute, as inside. */
export type LayoutStep =
  | { readonly kind: "ro-bind" | "bind" | "device"; readonly source: string; readonly target: string }
  /** Without a mode: the maker's usual one, 0755. */
  | { readonly kind: "dir"; readonly target: string; readonly mode?: number }
  /** Without a size: the kernel's own bound. */
  | { readonly kind: "tmpfs"; readonly target: string; readonly sizeBytes?: number }
  | { readonly kind: "symlink"; readonly to: string; readonly target: string }
  | { readonly kind: "proc"; readonly target: string };

/** Where the helper finds the session's folders while it builds the view. It unmounts all of it before the command starts. */
export const STAGING = "/.ringfence";

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

/** The steps of a plan. */
export function layoutSteps(plan: SandboxPlan): readonly LayoutStep[] {
  return [
    ...plan.mounts.flatMap(mountStep),
    ...workspaceSteps(plan.workspace),
    { kind: "tmpfs", target: "/dev" },
    ...DEVICES.map((name): LayoutStep => ({ kind: "device", source: `/dev/${name}`, target: `/dev/${name}` })),
    { kind: "proc", target: "/proc" },
    { kind: "tmpfs", target: STAGING },
    ...stagingSteps(plan.workspace),
  ];
}

function mountStep(mount: Mount): readonly LayoutStep[] {
  switch (mount.kind) {
    case "ro-bind":
    case "still":
      return [{ kind: "ro-bind", source: mount.source, target: mount.target }];
    case "bind":
    case "live":
      return [{ kind: "bind", source: mount.source, target: mount.target }];
    case "dir":
    case "tmpfs":
    case "symlink":
      return [mount];
    case "file":
      return []; // the helper's: content never passes through arguments, which other users can read
    default:
      return mount satisfies never;
  }
}

function workspaceSteps(workspace: WorkspacePlan): readonly LayoutStep[] {
  const { root } = workspace;
  switch (workspace.kind) {
    case "overlay":
      return [root, ...(workspace.repository === undefined ? [] : [workspace.repository.root])].map((target) => ({
        kind: "dir",
        target,
      }));
    case "direct":
      return [{ kind: "bind", source: root, target: root }];
    case "read-only":
      return [{ kind: "ro-bind", source: root, target: root }];
    default:
      return workspace satisfies never;
  }
}

function stagingSteps(workspace: WorkspacePlan): readonly LayoutStep[] {
  if (workspace.kind === "direct" && workspace.past !== undefined)
    return [{ kind: "bind", source: workspace.past.folder, target: `${STAGING}/past` }];
  if (workspace.kind !== "overlay") return [];
  const places = stagingPlaces(workspace);
  const steps: readonly LayoutStep[] = [
    { kind: "ro-bind", source: workspace.lower ?? workspace.root, target: places.lower },
    { kind: "bind", source: places.session, target: `${STAGING}/session` },
    { kind: "bind", source: workspace.mask, target: places.mask },
  ];
  return workspace.repository === undefined || places.repository === undefined
    ? steps
    : [...steps, { kind: "ro-bind", source: workspace.repository.root, target: places.repository.lower }];
}

/** Whether something that the fence changes is a file of the person's at once, before any review: a `direct` workspace, or a folder that may be written. */
export function reachesHostFiles({ workspace, mounts }: Pick<SandboxPlan, "workspace" | "mounts">): boolean {
  return workspace.kind === "direct" || mounts.some(({ kind }) => kind === "live");
}
