// Signing: a checkpoint after each high-risk record, each thousand records, and within half a second of anything else. It runs
// beside the appends and never holds one up. Order, always: the data is durable, then tiles, then the high-water mark in
// another folder, then the checkpoint.
import { join } from "node:path";
import { type NoteSigner, signCheckpoint } from "#core/log";
import { type ChainState, rootOf } from "./chain.ts";
import { publishFile } from "./files.ts";
import { type TileBuilder, writeTiles } from "./tiles.ts";

/** An unsigned tail is never older than this. */
export const SEAL_WITHIN_MS = 500;

/** Nor longer than this. */
export const SEAL_EVERY = 1000;

/** What a sealer needs to know. */
export interface SealerOptions {
  readonly dir: string;
  /** The high-water mark's file, outside `dir`. */
  readonly mark: string;
  readonly origin: string;
  readonly signer: NoteSigner;
  /** Absent for the ledger, which is small and never serves tiles. */
  readonly tiles?: TileBuilder;
  /** The log as it is durable now. */
  readonly state: () => ChainState;
  /** Told once when signing fails; the log stops then. */
  readonly failed: (error: unknown) => void;
}

/** Signs what is durable. */
export interface Sealer {
  /** Something became durable; `now` when it should be signed at once. */
  note(now: boolean): void;
  /** Signs whatever is not signed yet and waits for it; `last` also leaves the partial tiles behind. Throws what failed. */
  seal(options?: { readonly last?: boolean }): Promise<void>;
  /** Signs nothing more of its own accord; resolves when what is under way is done. `seal` still works. */
  stop(): Promise<void>;
}

/** Opens a sealer; `sealedSize` is what the checkpoint on disk covers. */
export function openSealer(options: SealerOptions, sealedSize: number): Sealer {
  let sealed = sealedSize;
  let kept = sealedSize;
  let timer: NodeJS.Timeout | undefined;
  /** Publishing is one at a time: two at once would take each other's file away, and an older one could come last. */
  let last: Promise<unknown> = Promise.resolve();
  let waiting = false;
  let stopped = false;
  const publish = async (whole: boolean): Promise<void> => {
    const state = options.state();
    if (state.size === sealed && !whole) return;
    const checkpoint = { origin: options.origin, size: state.size, root: rootOf(state) };
    const note = signCheckpoint(checkpoint, options.signer);
    if (options.tiles !== undefined) await publishTiles(options.dir, options.tiles, whole);
    await publishFile(options.mark, note);
    if (whole || state.size - kept >= SEAL_EVERY) {
      await publishFile(join(options.dir, "checkpoints", String(state.size)), note);
      kept = state.size;
    }
    await publishFile(join(options.dir, "checkpoint"), note);
    sealed = state.size;
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
      if (now || options.state().size - sealed >= SEAL_EVERY) inBackground();
      // Also after `now`: the turn that is under way may have looked before this record was there.
      timer ??= setTimeout(inBackground, SEAL_WITHIN_MS).unref();
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
  if (last) await writeTiles(dir, tiles.partial());
}
