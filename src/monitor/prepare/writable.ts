// What a session may write, from its policy and its workspace: said apart from the mounts, so that Landlock does not repeat their mistakes
// (core/sandbox/landlock.ts).
import { expandHome, type Mount, type WorkspacePlan } from "#core/sandbox";
import { INSIDE_OUTPUT, type ShownWorkspace } from "./shown-workspace.ts";

/** What decides it. */
export interface WritableParts {
  readonly home: string;
  readonly workspace: WorkspacePlan;
  readonly shown: Pick<ShownWorkspace, "kind">;
  /** Folders kept between sessions. */
  readonly kept: readonly { readonly target: string }[];
  /** Of `allowRead` and `allowWrite`. */
  readonly extra: readonly Mount[];
}

/** Absolute paths, as inside. */
export function writablePlaces({ home, workspace, shown, kept, extra }: WritableParts): readonly string[] {
  return [
    ...["/tmp", "/var/tmp", home],
    ...(workspace.kind === "read-only" ? [] : [workspace.root]),
    ...(workspace.kind === "overlay" && workspace.repository !== undefined ? [workspace.repository.root] : []),
    ...(shown.kind === "read-only" ? [INSIDE_OUTPUT] : []),
    ...kept.map(({ target }) => expandHome(target, home)),
    ...extra.flatMap((mount) => (mount.kind === "live" ? [mount.target] : [])),
  ];
}
