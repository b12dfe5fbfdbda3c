// When an epoch of an open log ends, and the keys on the way. A session's keys are made in memory, one after the other; the
// machine's keys, which the ledger is signed with, are files (machine-epoch.ts).
import type { EpochReason, NoteSigner } from "#core/log";
import type { LogClock } from "./clock.ts";
import { ephemeralSigner, type KeptSigner } from "./crypto.ts";

/** The keys of a log that is being written. */
export interface EpochKeys {
  /** The key of the epoch that is open. */
  readonly signer: NoteSigner;
  /** The key of the next epoch; when this resolves it is wherever it has to be before a record may name it. */
  next(): Promise<NoteSigner>;
  /** The note of the next epoch is durable: its key signs from now on, and the one before is erased. In the order of `next`. */
  use(note: string): Promise<void>;
}

/** Keys that no disk ever sees. */
export function keysInMemory(origin: string): EpochKeys {
  let signer: KeptSigner = ephemeralSigner(origin);
  /** More than one while the end of an epoch waits for its signature and the next is over already. */
  const coming: KeptSigner[] = [];
  return {
    get signer(): NoteSigner {
      return signer;
    },
    next(): Promise<NoteSigner> {
      const next = ephemeralSigner(origin);
      coming.push(next);
      return Promise.resolve(next);
    },
    use(): Promise<void> {
      const next = coming.shift();
      if (next === undefined) throw new Error("the next epoch has no key");
      signer.erase();
      signer = next;
      return Promise.resolve();
    },
  };
}

/** How much one key may sign. */
export interface EpochRule {
  readonly everyMs: number;
  readonly everyRecords: number;
}

/** For sessions: what a thief of the live key could change is never older, nor longer, than this. */
export const SESSION_EPOCHS: EpochRule = { everyMs: 600_000, everyRecords: 65_536 };

/** For the ledger, whose owner says when. */
export const ON_REQUEST: EpochRule = { everyMs: Number.POSITIVE_INFINITY, everyRecords: Number.POSITIVE_INFINITY };

/** Watches one open epoch after the other. */
export interface EpochWatch {
  /** Size at which the open epoch begins. */
  readonly from: number;
  /** Why the epoch has to end before the next record is written, if it has to. */
  due(size: number): EpochReason | undefined;
  /** How many records may still be written before that. */
  room(size: number): number;
  /** Ends the epoch at the next opportunity. */
  ask(): void;
  /** A new epoch starts at this size. */
  turned(size: number): void;
  /** No more timers. */
  stop(): void;
}

/** Opens a watch on an epoch that starts at `from`; `wake` is called when its time is up and nothing else happens. */
export function watchEpochs(
  rule: EpochRule,
  options: { readonly from: number; readonly clock: LogClock; readonly wake: () => void },
): EpochWatch {
  const { clock, wake } = options;
  let from = options.from;
  let asked = false;
  let began = { mono: clock.mono(), wall: clock.wall() };
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(timer);
    if (!Number.isFinite(rule.everyMs)) return;
    // Never a reason to keep the process alive.
    timer = setTimeout(() => {
      asked = true;
      wake();
    }, rule.everyMs).unref();
  };
  wait();
  // The monotonic clock stands still while a laptop sleeps, the wall clock may be set back: the later one of both counts.
  const isOver = (): boolean =>
    Number(clock.mono() - began.mono) / 1e6 >= rule.everyMs || clock.wall() - began.wall >= rule.everyMs;
  return {
    get from(): number {
      return from;
    },
    due(size: number): EpochReason | undefined {
      if (size - from >= rule.everyRecords) return "records";
      if (!asked && !isOver()) return undefined;
      return size === from ? "idle" : "time";
    },
    room: (size) => from + rule.everyRecords - size,
    ask(): void {
      asked = true;
    },
    turned(size: number): void {
      from = size;
      asked = false;
      began = { mono: clock.mono(), wall: clock.wall() };
      wait();
    },
    stop(): void {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
