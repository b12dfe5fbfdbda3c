// `apply: live`: what is clean reaches the host while the agent works. Every batch is judged like the changes at an end and on record before it is
// applied (I6); what is not clean waits for the end, as do git's own data, which only make sense whole, and dependency folders, which are not read.
// What came is remembered with how it was left, so that nothing comes twice and a person's later edit is told from the session's own file.
import type { Append } from "#core/log";
import { isDependencyFolder, isGitName } from "#core/paths";
import type { Judged } from "#core/review";
import { cachedDigests, type OnSeen } from "#sandbox";
import { applyJudged, type ChangesPlace, readTree } from "./changes.ts";
import { diffRecord } from "./finish.ts";
import { obeyedFromTimeToTime } from "./obeyed.ts";
import { treesOf } from "./trees.ts";

/** What a live apply needs. */
export interface LiveParts {
  /** As of now: what is masked grows while the session runs, and is never taken for a deletion. */
  readonly place: () => ChangesPlace;
  readonly append: Append;
}

/** A running one. */
export interface Live {
  /** Something was written inside: look soon. */
  poke(): void;
  /** Waits for the batch under way and ends. Answers every path that came. */
  close(): Promise<readonly string[]>;
}

/** A file that was written within this time may be half written. */
const AT_REST_MS = 700;
const SOON_MS = 1_000;
/** Where nobody pokes, the layer is looked at this often at least. */
const SELDOM_MS = 5_000;
/** Looking may take one part in so many of the supervisor's time. */
const SHARE = 8;
/** What is obeyed by another name changes with what a person does on the host: links and settings of git. */
const OBEYED_MS = 10_000;

/** Starts it. The session must have a layer (`overlay`, `clone`, `worktree`). */
export function applyLive(parts: LiveParts): Live {
  const came = new Set<string>();
  const failed = new Set<string>();
  const digest = cachedDigests();
  const obeyed = obeyedFromTimeToTime(OBEYED_MS);
  let isClosed = false;
  let wait = SOON_MS;
  let timer: NodeJS.Timeout | undefined;
  let batch: Promise<void> = Promise.resolve();
  const next = (): void => {
    if (isClosed) return;
    timer = setTimeout(() => {
      timer = undefined;
      batch = look().then(next);
    }, wait);
    timer.unref();
  };
  async function look(): Promise<void> {
    const began = performance.now();
    const found = await oneBatch({ ...parts, came, failed, digest, obeyed });
    const took = performance.now() - began;
    wait = Math.max(found ? SOON_MS : Math.min(wait * 2, SELDOM_MS), took * SHARE);
  }
  next();
  return {
    poke() {
      if (wait <= SOON_MS || timer === undefined) return;
      wait = SOON_MS;
      clearTimeout(timer);
      next();
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await batch;
      return [...came];
    },
  };
}

/** A hearer of the flight recorder that also pokes when something was written that comes live. */
export function pokingBy(onSeen: OnSeen, poke: () => void): OnSeen {
  return (event) => {
    if (event.kind === "write" && !skip(event.path)) poke();
    return onSeen(event);
  };
}

interface Batch extends LiveParts {
  readonly came: Set<string>;
  /** What the host did not take: not tried again until it is something else. */
  readonly failed: Set<string>;
  readonly digest: ReturnType<typeof cachedDigests>;
  readonly obeyed: ReturnType<typeof obeyedFromTimeToTime>;
}

/** True when something came. */
async function oneBatch({ append, came, failed, digest, obeyed, ...parts }: Batch): Promise<boolean> {
  const place = parts.place();
  const tree = treesOf(place.stateDir, place.meta).find(({ kind }) => kind === "workspace");
  if (tree === undefined) return false;
  // A layer that changes while it is read may not be readable whole: then the next look is.
  const judged = await readTree(place, tree, {
    live: { skip, atRestSinceMs: Date.now() - AT_REST_MS },
    digest,
    obeyed,
  });
  if (!judged.ok) return false;
  const clean = judged.value.filter((entry) => isReady(entry) && !failed.has(keyOf(entry)));
  if (clean.length === 0) return false;
  const held = judged.value.filter((entry) => entry.held !== undefined);
  try {
    await append({ type: "diff", origin: "observed", data: { ...diffRecord(clean, held), live: true } });
  } catch {
    return false; // what cannot be recorded is not done; a log that takes no more ends the session
  }
  const done = applyJudged(place, clean, { live: true });
  for (const path of done.applied) came.add(path);
  const refused = new Set(done.refused.map(({ path }) => path));
  for (const entry of clean) if (refused.has(entry.change.path)) failed.add(keyOf(entry));
  return done.applied.length > 0;
}

/** Left for the end: a repository's own data, and what packages bring. */
function skip(path: string): boolean {
  return path.split("/").some((part) => isGitName(part) || isDependencyFolder(part));
}

function isReady({ change, held }: Judged): boolean {
  return held === undefined && !skip(change.path);
}

function keyOf({ change: { path, kind, before, after } }: Judged): string {
  return JSON.stringify([path, kind, before?.stamp, after?.type, after?.mode, after?.digest, after?.target]);
}
