// What becomes of a session's changes: read from the overlay, judged by the gate, on record, the clean ones carried to the workspace.
import type { Append, Json } from "#core/log";
import type { Judged } from "#core/review";
import type { HeldChange } from "#core/session";
import { forTerminal } from "#core/text";
import { applyJudged, type ChangesPlace, readJudged } from "./changes.ts";
import { sealPast } from "./direct-past.ts";
import { type MergedSettings, mergeSettings } from "./settings.ts";
import { treesOf } from "./trees.ts";

/** What finishing needs. */
export interface FinishParts {
  readonly place: ChangesPlace;
  readonly append: Append;
  /** What a live apply brought already. */
  readonly came: readonly string[];
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
  const { place, append } = parts;
  const failed = (why: string): Finished => ({
    applied: parts.came,
    held: [],
    notices: [`${why}; nothing ${parts.came.length > 0 ? "more " : ""}was applied`],
    failed: true,
  });
  // The exit goes on record while the changes are read; both must be done before anything is applied.
  const exit = append({ type: "exec.exit", origin: "observed", data: { ...parts.exit } });
  const recorded = exit.then(
    () => undefined,
    (error: Error) => error.message,
  );
  if (treesOf(place.stateDir, place.meta).length === 0) {
    await recorded;
    return { applied: [], held: [], notices: sealPast(place.stateDir, place.meta, { unseen: false }), failed: false };
  }
  const judged = await readJudged(place);
  const unrecorded = await recorded;
  if (unrecorded !== undefined) return failed(unrecorded);
  if (!judged.ok) return failed(judged.error.message);
  const clean = judged.value.filter(({ held }) => held === undefined);
  const held = judged.value.filter((entry) => entry.held !== undefined);
  try {
    await append({ type: "diff", origin: "observed", data: diffRecord(clean, held) });
  } catch (error) {
    return failed((error as Error).message);
  }
  const result = applyJudged(place, clean);
  const waiting = [
    ...held.map(({ change, held: reason }) => ({ path: change.path, reason: reason?.code ?? "held" })),
    ...result.refused.map(({ path, code }) => ({ path, reason: code })),
  ];
  const settings =
    place.meta.gate.holdAll === undefined
      ? await mergedSettings(
          place,
          waiting.map(({ path }) => path),
          append,
        )
      : [];
  const byPath = new Map(settings.map((entry) => [entry.path, entry]));
  const merged = settings.filter((entry) => entry.held.length === 0).map(({ path }) => path);
  const notices = judged.value.flatMap(({ notice }) => notice ?? []);
  return {
    applied: [...new Set([...parts.came, ...result.applied, ...merged])],
    // A folder that waits for its contents is no news beside them.
    held: waiting
      .filter(({ path, reason }) => !merged.includes(path) && reason !== "only-held-inside")
      .map(({ path, reason }) => {
        const keys = byPath.get(path)?.held;
        return {
          path,
          reason: keys === undefined ? reason : `git-settings: ${forTerminal(keys.join(" "), { max: 200 })}`,
        };
      }),
    notices:
      notices.length > 0
        ? [
            `${notices.length} protected ${notices.length === 1 ? "name" : "names"} below dependency folders, the first: ${notices[0]}`,
          ]
        : [],
    failed: false,
  };
}

/** Settings that cannot be put on record, or not be written, wait like any protected path. */
async function mergedSettings(...args: Parameters<typeof mergeSettings>): Promise<readonly MergedSettings[]> {
  try {
    return await mergeSettings(...args);
  } catch {
    return [];
  }
}

// A line of the log is bounded, so a huge diff names its first paths and counts the rest.
const NAMED_MOST = 300;

/** What is said of a batch before it is applied. */
export function diffRecord(clean: readonly Judged[], held: readonly Judged[]): { readonly [key: string]: Json } {
  return {
    clean: clean.length,
    held: held.length,
    changes: clean
      .slice(0, NAMED_MOST)
      .map(({ change: { path, kind, after } }) => ({ path, kind, digest: after?.digest ?? "" })),
    waiting: held
      .slice(0, NAMED_MOST)
      .map(({ change, held: reason }) => ({ path: change.path, reason: reason?.code ?? "" })),
  };
}
