// The single writer of one log: records queue, everything that came during the last sync is written by the next, and each
// `append` resolves after the sync that made its line durable. A failed write or sync is latched: nothing is acknowledged
// after it. A full disk leaves room, by a reserve, for saying so and for the close.
import type { Problem } from "#core";
import {
  type EncodedBody,
  type EpochReason,
  encodeBody,
  epochClose,
  epochEnd,
  type NoteSigner,
  type PrivateFields,
  type RecordBody,
  toHex,
} from "#core/log";
import { writeBlobs } from "./blobs.ts";
import { type ChainState, frame, type Pending } from "./chain.ts";
import type { LogClock } from "./clock.ts";
import { sha256Hex } from "./crypto.ts";
import { type EpochKeys, type EpochRule, watchEpochs } from "./epochs.ts";
import type { LogIo } from "./log-io.ts";
import { LogError } from "./problem.ts";
import { LAST_TYPES, openRoom } from "./room.ts";
import { openSalts } from "./salts.ts";
import { openSealer } from "./sealer.ts";
import { openSegment, SEGMENT_BYTES, type Segment } from "./segment.ts";
import type { TileBuilder } from "./tiles.ts";
import { openTurns } from "./turns.ts";
import { openVault, vaultEntries } from "./vault.ts";
import { isFull, writeProblem } from "./write-failure.ts";

/** Records of one write and sync. */
const BATCH = 4096;

/** These are signed at once (DESIGN 9): they are what a thief would want to lose. */
const SIGNED_AT_ONCE = /^(?:net\.blocked|limit\.hit|recovery|policy\.change|session\..*|approval\..*|review\..*)$/;

/** What a writer is opened with. */
export interface WriterOptions {
  readonly dir: string;
  readonly mark: string;
  readonly origin: string;
  /** The name that the log's own records (`epoch.close`) stand under. */
  readonly session: string;
  readonly keys: EpochKeys;
  /** How long one key signs, and the epoch that is open now. */
  readonly epochs: EpochRule & { readonly epoch: number; readonly from: number };
  /** Fields that stand in the vault, and in the line as a commitment. */
  readonly privateFields?: PrivateFields;
  /** Longest unsigned tail in records. */
  readonly sealEvery?: number;
  readonly clock: LogClock;
  readonly io: LogIo;
  /** Absent for the ledger. */
  readonly tiles?: TileBuilder;
  readonly maxBytes: number;
  /** Where the log stands: empty, or found by a resume that checked it. */
  readonly from: { readonly state: ChainState; readonly sealed: number; readonly segment?: ResumeAt };
  /** Frees the reserve; called once when the disk is full. */
  readonly freeReserve: () => Promise<void>;
}

/** The open segment of a log that is gone on with. */
export interface ResumeAt {
  readonly firstSeq: number;
  readonly bytes: number;
}

/** An open log. */
export interface Writer {
  append(session: string, body: RecordBody): Promise<number>;
  /** Aborted, with the `Problem` as reason, when the log can take no more records. */
  readonly failed: AbortSignal;
  /** Bytes of lines and blobs, those still on their way included. */
  readonly bytes: number;
  readonly state: ChainState;
  readonly segment: ResumeAt;
  /** Size at which the open epoch begins. */
  readonly epochFrom: number;
  /** Leaf hash of record 0, hexadecimal, when this writer wrote it. */
  readonly first: string | undefined;
  seal(options?: { readonly last?: boolean }): Promise<void>;
  /** Ends the epoch now and waits until the next one's key signs. Throws a `LogError`. */
  endEpoch(): Promise<void>;
  /** The last record is an `epoch.close` whose note was never written: the key that it names follows now. */
  finishEpoch(next: NoteSigner): Promise<void>;
  /** Writes, behind everything that waits, that this writer is done; from here on it takes no more records. Throws a `LogError`. */
  leave(): Promise<void>;
  /** Stops taking records and closes the file; signs nothing. */
  end(): Promise<void>;
}

interface Waiting extends Pending {
  readonly type: string;
  readonly resolve: (seq: number) => void;
  readonly reject: (error: LogError) => void;
}

/** Opens the writer; the caller holds the folder's lock. */
export async function openWriter(options: WriterOptions): Promise<Writer> {
  const { dir, io, clock } = options;
  const folder = `${dir}/log`;
  const opened = clock.mono();
  const failure = new AbortController();
  const { tiles, keys, session: own } = options;
  let state = options.from.state;
  let firstSeq = options.from.segment?.firstSeq ?? 0;
  const resumeAt = options.from.segment?.bytes;
  let segment: Segment = await openSegment(folder, firstSeq, resumeAt === undefined ? { io } : { io, resumeAt });
  const vault = openVault(dir, io);
  const { privateFields: fields } = options;
  const sealing = fields === undefined ? undefined : { fields, salt: openSalts() };
  const room = openRoom(options.maxBytes, segment.bytes);
  let { epoch } = options.epochs;
  let first: string | undefined;
  /** The log's own close is its last record: nothing is written behind it, and no epoch ends there. */
  let isClosing = false;
  let isLeaving = false;
  /** A log's opening, and the record that goes on with one, come first: a clock that jumps, or a laptop that sleeps, between opening and that ends no epoch. */
  let hasBegun = false;
  /** `full`: last words only. `dead`: nothing any more. */
  let condition: "open" | "full" | "dead" | "ended" = "open";

  const stopWith = (next: "full" | "dead", problem: Problem): void => {
    if (condition === "open" || (condition === "full" && next === "dead")) condition = next;
    if (!failure.signal.aborted) failure.abort(problem);
    epochs.stop();
    void sealer.stop();
  };
  const epochs = watchEpochs(options.epochs, { from: options.epochs.from, clock, wake: () => turns.wake() });
  const sealer = openSealer(
    {
      dir,
      mark: options.mark,
      origin: options.origin,
      keys,
      epoch: options.epochs.epoch,
      ...(options.sealEvery === undefined ? {} : { sealEvery: options.sealEvery }),
      ...(tiles === undefined ? {} : { tiles }),
      state: () => state,
      failed: (error) => stopWith(isFull(error) ? "full" : "dead", writeProblem(error, dir)),
    },
    options.from.sealed,
  );

  const refusal = (type: string): Problem | undefined => {
    if (condition === "ended") return closed;
    if (condition === "open" || (condition === "full" && LAST_TYPES.has(type))) return undefined;
    return failure.signal.reason as Problem;
  };

  const claim = (body: EncodedBody, type: string): void => {
    const problem = room.take(body, type);
    if (problem === undefined) return;
    stopWith("full", problem);
    throw new LogError(problem);
  };

  const writeBatch = async (batch: readonly Waiting[]): Promise<void> => {
    if (segment.bytes >= SEGMENT_BYTES) {
      await segment.close();
      segment = await openSegment(folder, state.size, { io });
      firstSeq = state.size;
    }
    for (const { body } of batch) await writeBlobs(dir, body.blobs);
    const kept = await vault.write(firstSeq, vaultEntries(state.size, batch));
    const framed = frame(state, batch);
    await segment.append(framed.bytes, kept);
    for (const leaf of framed.leaves) tiles?.add(leaf);
    let seq = state.size;
    if (seq === 0 && framed.leaves[0] !== undefined) first = toHex(framed.leaves[0]);
    state = framed.next;
    hasBegun = true;
    for (const waiting of batch) waiting.resolve(seq++);
    sealer.note(batch.some(({ type }) => SIGNED_AT_ONCE.test(type)));
  };

  const fail = (error: unknown): LogError => {
    const problem = writeProblem(error, dir);
    stopWith(isFull(error) && condition === "open" ? "full" : "dead", problem);
    return new LogError(problem);
  };
  const turn = (next: NoteSigner): void => {
    sealer.turn({ state, next, start: new Date(clock.wall()).toISOString() });
    epochs.turned(state.size);
  };
  const writeOwn = async (record: RecordBody): Promise<void> => {
    const body = encodeBody(record, sha256Hex);
    if (!body.ok) throw new Error(body.error.message);
    claim(body.value, record.type);
    await writeBatch([waitingFor(own, body.value, { type: record.type, resolve: nobody, reject: nobody })]);
  };
  /** A batch of its own, so that the state behind it is exactly what the epoch's last checkpoint covers. */
  const closeEpoch = async (reason: EpochReason): Promise<void> => {
    try {
      // Epochs that end faster than they are signed would leave an unsigned tail of any length: then records wait.
      if (sealer.isTurning) await sealer.seal();
      const next = await keys.next();
      await writeOwn(epochClose(epoch, next.key, reason));
      epoch += 1;
      turn(next);
    } catch (error) {
      if (!(error instanceof LogError)) fail(error);
    }
  };

  // Spelled out, not spread: this is made for every record.
  const waitingFor = (
    session: string,
    body: EncodedBody,
    { type, resolve, reject }: Pick<Waiting, "type" | "resolve" | "reject">,
  ): Waiting => {
    return { session, wallMs: clock.wall(), mono: Number(clock.mono() - opened), body, type, resolve, reject };
  };
  const stillWelcome = (waiting: Waiting): boolean => {
    const problem = refusal(waiting.type);
    if (problem !== undefined) waiting.reject(new LogError(problem));
    return problem === undefined;
  };
  const isRolling = (): boolean => condition === "open" && !isClosing;
  const turns = openTurns<Waiting>({
    before: () => {
      const reason = isRolling() && hasBegun ? epochs.due(state.size) : undefined;
      return reason === undefined ? undefined : () => closeEpoch(reason);
    },
    most: () => (isRolling() ? Math.min(BATCH, epochs.room(state.size)) : BATCH),
    take: async (items) => {
      const batch = items.filter((waiting) => stillWelcome(waiting));
      if (batch.length === 0) return;
      try {
        await writeBatch(batch);
      } catch (error) {
        const failed = fail(error);
        for (const waiting of batch) waiting.reject(failed);
      }
    },
  });

  return {
    failed: failure.signal,
    get bytes(): number {
      return room.used;
    },
    get state(): ChainState {
      return state;
    },
    get segment(): ResumeAt {
      return { firstSeq, bytes: segment.bytes };
    },
    get epochFrom(): number {
      return epochs.from;
    },
    get first(): string | undefined {
      return first;
    },
    async append(session: string, body: RecordBody): Promise<number> {
      const refused = isClosing || isLeaving ? closed : refusal(body.type);
      if (refused !== undefined) throw new LogError(refused);
      if (body.type === "epoch.close") throw new LogError(ownRecord);
      const encoded = encodeBody(body, sha256Hex, sealing);
      if (!encoded.ok) throw new LogError(encoded.error);
      claim(encoded.value, body.type);
      isClosing ||= body.type === "session.close" && session === own;
      if (condition === "full") await options.freeReserve();
      return await new Promise<number>((resolve, reject) => {
        turns.push(waitingFor(session, encoded.value, { type: body.type, resolve, reject }));
      });
    },
    seal: (sealing) => sealer.seal(sealing),
    async endEpoch(): Promise<void> {
      hasBegun = true;
      epochs.ask();
      turns.wake();
      await turns.idle();
      if (failure.signal.aborted) throw new LogError(failure.signal.reason as Problem);
      await sealer.seal();
    },
    async finishEpoch(next: NoteSigner): Promise<void> {
      epoch += 1;
      turn(next);
      await sealer.seal();
    },
    async leave(): Promise<void> {
      isLeaving = true;
      await turns.idle();
      if (failure.signal.aborted) throw new LogError(failure.signal.reason as Problem);
      isClosing = true;
      try {
        await writeOwn(epochEnd(epoch));
      } catch (error) {
        throw error instanceof LogError ? error : fail(error);
      }
    },
    async end(): Promise<void> {
      if (condition === "ended") return;
      // First refuse, then wait: an append in between would find its segment closed.
      condition = "ended";
      epochs.stop();
      await turns.idle();
      await sealer.stop();
      await segment.close();
      await vault.close();
    },
  };
}

const nobody = (): void => undefined;

const closed: Problem = { code: "log-closed", message: "the record of this session is closed" };

const ownRecord: Problem = { code: "record-invalid", message: "only the log itself ends its epochs" };
