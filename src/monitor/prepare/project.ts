// What is kept between sessions of one project: package caches, and a known agent's own state. Never shared with the host or another project.
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { AgentPreset } from "#core/presets";
import { cachePlaces, type SessionFolders } from "#core/sandbox";

/** A readable and unambiguous name for a workspace: its last component and a digest of the whole path. */
export function projectName(root: string): string {
  const readable = basename(root)
    .replace(/[^A-Za-z0-9._-]/g, "_")
    .slice(0, 40);
  return `${readable}-${createHash("sha256").update(root).digest("hex").slice(0, 12)}`;
}

/** Makes the kept folders and says where each appears inside. Agent state comes last, so it lies over `~/.cache`. */
export function keptFolders(options: {
  readonly stateDir: string;
  readonly root: string;
  readonly caches: "private" | "none";
  readonly agent: AgentPreset | undefined;
  /** Whose caches, where they are not the agent's. */
  readonly of?: string;
}): SessionFolders["kept"] {
  const project = projectName(options.root);
  const caches = options.caches === "none" ? [] : cachePlaces;
  const agent = options.agent;
  const owner = options.of === undefined ? project : `${project}-${options.of}`;
  const kept = [
    ...caches.map((cache) => ({ source: join(options.stateDir, "caches", owner, cache.name), target: cache.path })),
    ...(agent?.stateFolders ?? []).map((folder) => ({
      source: join(options.stateDir, "agents", agent?.name ?? "", project, folder.replaceAll("/", "_")),
      target: `~/${folder}`,
    })),
  ];
  for (const { source } of kept) mkdirSync(source, { recursive: true, mode: 0o700 });
  return kept;
}
