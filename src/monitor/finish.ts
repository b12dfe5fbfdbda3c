// What becomes of a session's changes: read from the overlay, seen by the gate, the clean ones carried to the workspace, the rest held.
import { join } from "node:path";
import type { Append, Json } from "#core/log";
import { leadsToProtected, protection } from "#core/paths";
import type { Change } from "#core/review";
import type { HeldChange } from "#core/session";
import { applyChanges, readChanges } from "#sandbox";
import type { Prepared } from "./prepare.ts";
import type { RunRequest } from "./request.ts";

/** What finishing needs. */
export interface FinishParts {
  readonly request: RunRequest;
  readonly prepared: Prepared;
  readonly session: string;
  readonly startedMs: number;
  readonly append: Append;
  /** Set when everything waits for a person, whatever the gate says: the reason code. */
  readonly holdAll: string | undefined;
  readonly exit: { readonly code: number; readonly signal?: number };
}

/** The outcome of the changes. `failed`: they could not be read or recorded, nothing was applied, everything is kept. */
export interface Finished {
  readonly applied: readonly string[];
  readonly held: readonly HeldChange[];
  readonly notices: readonly string[];
  readonly failed: boolean;
}

/** Records the exit, then the diff, then applies what is clean (I6: the record first). */
export async function finishWorkspace(parts: FinishParts): Promise<Finished> {
  const { prepared, append } = parts;
  const failed = (why: string): Finished => ({
    applied: [],
    held: [],
    notices: [`${why}; nothing was applied`],
    failed: true,
  });
  try {
    await append({ type: "exec.exit", origin: "observed", data: { ...parts.exit } });
  } catch (error) {
    if (prepared.plan.workspace.kind === "overlay") return failed((error as Error).message);
  }
  if (prepared.plan.workspace.kind !== "overlay") return { applied: [], held: [], notices: [], failed: false };
  const read = await readChanges({
    helper: parts.request.installation.helper,
    upper: prepared.paths.upper,
    lower: prepared.workspace.root,
    masked: prepared.plan.masked,
  });
  if (!read.ok) return failed(read.error.message);
  const clean: Change[] = [];
  const held: HeldChange[] = [];
  for (const change of read.value.changes) {
    const reason = parts.holdAll ?? reasonToHold(change);
    if (reason === undefined) clean.push(change);
    else held.push({ path: change.path, reason });
  }
  try {
    await append({ type: "diff", origin: "observed", data: diffRecord(clean, held) });
  } catch (error) {
    return failed((error as Error).message);
  }
  const applied = applyChanges(
    {
      root: prepared.workspace.root,
      upper: prepared.paths.upper,
      journal: join(prepared.paths.dir, "journal.json"),
      stage: join(prepared.paths.dir, "stage"),
    },
    clean,
  );
  const refused = applied.refused.map(({ path, code }) => ({ path, reason: code }));
  return { applied: applied.applied, held: [...held, ...refused], notices: [], failed: false };
}

function reasonToHold(change: Change): string | undefined {
  const found = protection(change.path);
  if (found !== undefined && !found.inDependencies) return "protected-path";
  if (change.after?.type === "link" && leadsToProtected(change.path) !== undefined) return "protected-path";
  if (change.oddName) return "bad-name";
  if (change.masked) return "masked";
  return undefined;
}

// A line of the log is bounded, so a huge diff names its first paths and counts the rest.
const NAMED_MOST = 300;

function diffRecord(clean: readonly Change[], held: readonly HeldChange[]): { readonly [key: string]: Json } {
  return {
    clean: clean.length,
    held: held.length,
    changes: clean.slice(0, NAMED_MOST).map(({ path, kind, after }) => ({ path, kind, digest: after?.digest ?? "" })),
    waiting: held.slice(0, NAMED_MOST).map(({ path, reason }) => ({ path, reason })),
  };
}
