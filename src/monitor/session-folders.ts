// The further folders of a session whose workspace is no plain overlay, and what its metadata says of them.
import { join } from "node:path";
import type { SandboxPlan } from "#core/sandbox";
import type { RepositoryPlace } from "./changes/repository-place.ts";

/** Pure: the paths of session `id`. */
export function sessionPaths(stateDir: string, id: string): SessionPaths {
  const dir = join(stateDir, "sessions", id);
  const at = (name: string): string => join(dir, name);
  return {
    dir,
    upper: at("upper"),
    work: at("work"),
    mask: at("mask"),
    home: at("home"),
    tmp: at("tmp"),
    hooks: at("agent.sock"),
    servers: at("mcp.sock"),
    exec: at("exec.sock"),
    commands: at("commands.sock"),
    meta: at("meta.json"),
  };
}

/** The folders of one session below the state folder. `log` outlives the others. */
export interface SessionPaths {
  readonly dir: string;
  readonly upper: string;
  readonly work: string;
  readonly mask: string;
  readonly home: string;
  readonly tmp: string;
  /** The agent's socket for hooks. */
  readonly hooks: string;
  /** And for the clients of MCP servers. */
  readonly servers: string;
  /** Where further commands are asked for, and where their callers bring their streams. */
  readonly exec: string;
  readonly commands: string;
  readonly meta: string;
}

/** A session that works on a private copy: where it started, and where its commits go. */
export interface CopyMeta {
  readonly commit: string;
  /** The host's branch for the commits of HEAD. */
  readonly branch: string;
  readonly repository: RepositoryPlace;
}

/** The private copy. */
export function copyFolder({ dir }: SessionPaths): string {
  return join(dir, "copy");
}

/** The checked commits of a private copy, as a layer over the host's repository. Absent until they were looked for. */
export function handoverFolder({ dir }: SessionPaths): string {
  return join(dir, "handover");
}

/** What a read-only session leaves. */
export function outputFolder({ dir }: SessionPaths): string {
  return join(dir, "output");
}

/** The layer over a repository that lies elsewhere. */
export function repositoryFolders({ dir }: SessionPaths): { readonly upper: string; readonly work: string } {
  return { upper: join(dir, "repository", "upper"), work: join(dir, "repository", "work") };
}

/** A snapshot on its way back: `upper` is the copy, `before` what it replaces. */
export function restoreFolder({ dir }: SessionPaths): string {
  return join(dir, ".restore");
}

/** Every folder of the session's own that what runs inside may fill: what they take counts towards the session's limits. */
export function writtenFolders(paths: SessionPaths): readonly string[] {
  return [paths.upper, paths.home, paths.tmp, outputFolder(paths), repositoryFolders(paths).upper];
}

/** Every folder that what runs inside may fill and that lasts (a live workspace, kept caches, `allowWrite`): what they grow by counts. */
export function lastingFolders(
  plan: Pick<SandboxPlan, "mounts" | "workspace">,
  { dir }: SessionPaths,
): readonly string[] {
  const isBelow = (path: string, above: string): boolean => path.startsWith(`${above}/`);
  const sources = plan.mounts.flatMap((mount) =>
    mount.kind === "bind" || mount.kind === "live" ? [mount.source] : [],
  );
  const all = [...new Set([...(plan.workspace.kind === "direct" ? [plan.workspace.root] : []), ...sources])];
  return all.filter((path) => !isBelow(path, dir) && !all.some((other) => isBelow(path, other)));
}
