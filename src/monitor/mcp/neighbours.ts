// The tools that a model has of other servers, as the locks know them: an answer that says what those are to do is no answer. They are read beside the work,
// because nobody waits for them: what they say only adds to what screening sees.
import type { Json, JsonObject, Lock, ServerLock } from "#core/mcp";
import { neighbourLocks, readLockFile } from "#mcp";

/** Whose neighbours, and where the locks are that know them. */
export interface NeighbourPlaces {
  readonly server: string;
  readonly workspace: string;
  /** The project's lock. */
  readonly lockFile: string;
  readonly stateDir: string;
}

/** A tool of another server. */
export interface PeerTool {
  readonly server: string;
  readonly tool: JsonObject;
}

/** Known tools of other servers. */
export interface Neighbours {
  tools(): readonly PeerTool[];
  /** Reads the locks anew in a moment, unless that was done less than a minute ago. */
  look(): void;
}

const TOOLS_MOST = 400;
const AGAIN_MS = 60_000;
/** A start is not slowed by it. */
const LATER_MS = 1_500;

/** Opens them; none is known yet. */
export function openNeighbours({ server, stateDir, workspace, lockFile }: NeighbourPlaces): Neighbours {
  let known: readonly PeerTool[] = [];
  let lookedAt = Number.NEGATIVE_INFINITY;
  const read = async (): Promise<void> => {
    const project = await readLockFile(lockFile);
    const locked: Lock = project.ok && project.value !== undefined ? project.value : new Map();
    const others = [...locked, ...(await neighbourLocks({ stateDir, server, workspace }))];
    known = others
      .filter(([name]) => name !== server)
      .flatMap(toolsOf)
      .slice(0, TOOLS_MOST);
  };
  return {
    tools: () => known,
    look: () => {
      if (performance.now() - lookedAt < AGAIN_MS) return;
      lookedAt = performance.now();
      setTimeout(() => void read().catch(() => undefined), LATER_MS).unref();
    },
  };
}

function toolsOf([server, { pins }]: readonly [string, ServerLock]): readonly PeerTool[] {
  return pins
    .filter(({ kind, name }) => kind === "tool" && isTelling(name))
    .map(({ name }) => ({
      server,
      tool: { name } satisfies Record<string, Json>,
    }));
}

/** A word that is no tool's alone says nothing about one. */
function isTelling(name: string): boolean {
  return name.length >= 6 && /[_\-A-Z]/.test(name);
}
