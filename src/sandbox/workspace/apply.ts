// Carries accepted changes of a session to the real workspace (carry.ts), after what they replace was kept (past.ts). The journal is durable
// before the first change, so that the next run finishes what was cut off.
import type { Change } from "#core/review";
import { type Applied, carryOut } from "./carry.ts";
import { dropJournal, type Journal, journalOf, readJournal, writeJournal } from "./journal.ts";
import { inOrder } from "./order.ts";
import { keepPast, notePast } from "./past.ts";
import { PastStore } from "./past-store.ts";
import { fromLayer } from "./source.ts";

/** Where changes come from and go to. All absolute; all but `root` are the session's own. */
export interface ApplyPlaces {
  readonly root: string;
  readonly upper: string;
  /** File that exists while an apply is under way. */
  readonly journal: string;
  /** Folder for files on their way; on the workspace's file system nothing temporary ever stands in the workspace. */
  readonly stage: string;
  /** Folder that keeps what is replaced, for undo. It outlives the session. */
  readonly past: string;
}

/**
 * Carries out `changes`, which the gate or a person accepted. Never throws for a single change: that one is refused. When what they replace
 * cannot be kept, all are (`not-kept`): nothing that cannot be undone is done.
 */
export function applyChanges(places: ApplyPlaces, changes: readonly Change[]): Applied {
  if (changes.length === 0) return { applied: [], refused: [] };
  const store = new PastStore(places.past);
  let kept: readonly Change[];
  try {
    kept = keepPast(store, places.root, inOrder(changes), "apply");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return { applied: [], refused: changes.map(({ path }) => ({ path, code: "not-kept" })) };
  }
  const journal = journalOf(kept);
  writeJournal(places.journal, journal);
  return finish(places, store, journal);
}

/** Finishes an apply that was cut off, or returns `undefined` when there is none. Call before reading changes again. */
export function finishApply(places: ApplyPlaces): Applied | undefined {
  const journal = readJournal(places.journal);
  return journal === undefined ? undefined : finish(places, new PastStore(places.past), journal);
}

function finish(places: ApplyPlaces, store: PastStore, journal: Journal): Applied {
  const done = carryOut({ ...places, source: fromLayer(places.upper) }, journal);
  const refused = new Set(done.refused.map(({ path }) => path));
  notePast(
    store,
    places.root,
    journal.changes.filter(({ path }) => !refused.has(path)),
    journal.changes.filter(({ path }) => refused.has(path)),
  );
  dropJournal(places.journal);
  return done;
}
