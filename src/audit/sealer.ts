// Signing: a checkpoint after each high-risk record, each thousand records, and within half a second of anything else. It runs
// beside the appends and never holds one up. Order, always: the data is durable, then tiles, then the high-water mark in
// another folder, then the checkpoint; at the end of an epoch then the next one's note, and only then its key.
import { join } from "node:path";
import { type NoteSigner, signCheckpoint, signEpoch } from "#core/log";
import { type ChainState, rootOf } from "./chain.ts";
import type { EpochKeys } from "./epochs.ts";
import { privateFolder, publishFile, syncFolder } from "./files.ts";
import { type Tile, type TileBuilder, writeTiles } from "./tiles.ts";

/** An unsigned tail is never older than this. */
export const SEAL_WITHIN_MS = 500;

/** Nor longer than this, unless a log is opened with another figure. */
export const SEAL_EVERY = 1000;

/** What a sealer needs to know. */
export interface SealerOptions {
  readonly dir: string;
  /** The high-water mark's file, outside `dir`. */
  readonly mark: string;
  readonly origin: string;
  readonly keys: EpochKeys;
  /** The epoch that `keys.signer` belongs to. */
  readonly epoch: number;
  /** Longest unsigned tail in records; `SEAL_EVERY` when absent. */
  readonly sealEvery?: number;
  /** Absent for the ledger, which is small and never serves tiles. */
  readonly tiles?: TileBuilder;
  /** The log as it is durable now. */
  readonly state: () => ChainState;
  /** Told once when signing fails; the log stops then. */
  readonly failed: (error: unknown) => void;
}

/** The durable end of an epoch: the state that ends with its `epoch.close`, and the key which that record names. */
export interface EpochEnd {
  readonly state: ChainState;
  readonly next: NoteSigner;
  /** When the next epoch begins; RFC 3339, UTC, milliseconds. */
  readonly start: string;
}

/** Signs what is durable. */
export interface Sealer {
  /** Something became durable; `now` when it should be signed at once. */
  note(now: boolean): void;
  /** True while the end of an epoch waits for its signature. */
  readonly isTurning: boolean;
  /** An epoch has ended; to be told before anything behind its end becomes durable. Signed at once. */
  turn(end: EpochEnd): void;
  /** Signs whatever is not signed yet and waits for it; `last` also leaves the partial tiles behind. Throws what failed. */
  seal(options?: { readonly last?: boolean }): Promise<void>;
  /** Signs nothing more of its own accord; resolves when what is under way is done. `seal` still works. */
  stop(): Promise<void>;
}

/** Opens a sealer; `sealedSize` is what the checkpoint on disk covers. */
export function openSealer(options: SealerOptions, sealedSize: number): Sealer {
  const { dir, keys, sealEvery = SEAL_EVERY } = options;
  let sealed = sealedSize;
  let kept = sealedSize;
  let epoch = options.epoch;
  let newest: { readonly size: number; readonly note: string } | undefined;
  const ends: EpochEnd[] = [];
  let timer: NodeJS.Timeout | undefined;
  /** Publishing is one at a time: two at once would take each other's file away, and an older one could come last. */
  let last: Promise<unknown> = Promise.resolve();
  let waiting = false;
  let stopped = false;
  const keep = async (size: number, note: string): Promise<void> => {
    await publishFile(join(dir, "checkpoints", String(size)), note);
    kept = size;
  };
  const checkpoint = async (state: ChainState, whole: boolean): Promise<void> => {
    const { size } = state;
    const note = signCheckpoint({ origin: options.origin, size, root: rootOf(state) }, keys.signer);
    await publishFile(options.mark, note);
    if (whole || size - kept >= sealEvery) await keep(size, note);
    await publishFile(join(dir, "checkpoint"), note);
    sealed = size;
    newest = { size, note };
  };
  const endEpoch = async ({ state, next, start }: EpochEnd): Promise<void> => {
    await checkpoint(state, true);
    const { origin } = options;
    const begin = { origin, epoch: epoch + 1, from: state.size, root: rootOf(state), key: next.key, start };
    const note = signEpoch(begin, keys.signer);
    await publishEpoch(dir, epoch + 1, note);
    await keys.use(note);
    epoch += 1;
  };
  const publish = async (whole: boolean): Promise<void> => {
    // The tiles that are full now are those of this state: a checkpoint of a later one would speak of tiles that are not there.
    let state = options.state();
    if (state.size === sealed && ends.length === 0 && !whole) return;
    if (options.tiles !== undefined) await publishTiles(dir, options.tiles, whole);
    // Ends first: what lies behind one belongs to the key that follows it. One that failed stays, for whoever seals next.
    for (let end = ends[0]; end !== undefined; end = ends[0]) {
      await endEpoch(end);
      ends.shift();
      state = options.state();
    }
    // A size that is signed is not signed again: at the start of an epoch it is the key before that owns it.
    if (state.size > sealed) await checkpoint(state, whole);
    else if (whole && newest?.size === sealed && kept < sealed) await keep(newest.size, newest.note);
  };
  const inTurn = (whole: boolean): Promise<void> => {
    const mine = last.then(() => publish(whole));
    last = mine.catch(() => undefined);
    return mine;
  };
  const forget = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const inBackground = (): void => {
    forget();
    if (stopped || waiting) return;
    waiting = true;
    // Once its turn begins, a newer record needs a turn of its own.
    last = last.then(() => {
      waiting = false;
    });
    inTurn(false).catch((error: unknown) => options.failed(error));
  };
  return {
    note(now: boolean): void {
      if (stopped) return;
      if (now || options.state().size - sealed >= sealEvery) inBackground();
      // Also after `now`: the turn that is under way may have looked before this record was there.
      timer ??= setTimeout(inBackground, SEAL_WITHIN_MS).unref();
    },
    get isTurning(): boolean {
      return ends.length > 0;
    },
    turn(end: EpochEnd): void {
      ends.push(end);
      inBackground();
    },
    seal({ last: whole = false } = {}): Promise<void> {
      forget();
      return inTurn(whole);
    },
    async stop(): Promise<void> {
      stopped = true;
      forget();
      await last;
    },
  };
}

async function publishTiles(dir: string, tiles: TileBuilder, last: boolean): Promise<void> {
  const full = tiles.full();
  await writeTiles(dir, full);
  tiles.written(full.length);
  const isUpper = ({ path }: Tile): boolean => !path.startsWith("tile/0/");
  if (last) await writeTiles(dir, tiles.partial());
  else if (full.some(isMilestone)) await writeTiles(dir, tiles.partial().filter(isUpper));
}

/** Publishes the note of an epoch in a log's folder. */
export async function publishEpoch(dir: string, epoch: number, note: string): Promise<void> {
  const folder = join(dir, "epochs");
  if (await privateFolder(folder)) await syncFolder(dir);
  await publishFile(join(folder, String(epoch)), note);
}

/** Every sixteenth tile of leaves. A proof from an open log makes the upper tiles anew only from the last of these on. */
function isMilestone({ path }: Tile): boolean {
  return path.startsWith("tile/0/") && Number(path.slice(-3)) % 16 === 15;
}
