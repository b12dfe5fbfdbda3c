// The single writer of one log: records queue, everything that came during the last sync is written by the next, and each
// `append` resolves after the sync that made its line durable. A failed write or sync is latched: nothing is acknowledged
// after it. A full disk leaves room, by a reserve, for saying so and for the close.
import type { Problem } from "#core";
import { encodeBody, MAX_LINE, type NoteSigner, type RecordBody } from "#core/log";
import { writeBlobs } from "./blobs.ts";
import { type ChainState, frame, type Pending } from "./chain.ts";
import type { LogClock } from "./clock.ts";
import { sha256Hex } from "./crypto.ts";
import { LogError, systemCode, systemProblem } from "./problem.ts";
import { openSealer } from "./sealer.ts";
import { AppendFailed, type LogIo, openSegment, SEGMENT_BYTES, type Segment } from "./segment.ts";
import { openTiles } from "./tiles.ts";

/** Room below `maxBytes` that only `limit.hit` and `session.close` may use. */
const LAST_WORDS = 2 * (MAX_LINE + 1);

/** Records of one write and sync. */
const BATCH = 4096;

/** These are signed at once (DESIGN 9): they are what a thief would want to lose. */
const SIGNED_AT_ONCE = /^(?:net\.blocked|limit\.hit|recovery|policy\.change|session\..*|approval\..*|review\..*)$/;

/** These may still be written when the log has reached its limit or the disk is full. */
const LAST_TYPES: ReadonlySet<string> = new Set(["limit.hit", "session.close"]);

/** What a writer is opened with. */
export interface WriterOptions {
  readonly dir: string;
  readonly mark: string;
  readonly origin: string;
  readonly signer: NoteSigner;
  readonly clock: LogClock;
  readonly io: LogIo;
  readonly tiles: boolean;
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
  seal(options?: { readonly last?: boolean }): Promise<void>;
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
  const tiles = options.tiles ? openTiles() : undefined;
  let state = options.from.state;
  let firstSeq = options.from.segment?.firstSeq ?? 0;
  const resumeAt = options.from.segment?.bytes;
  let segment: Segment = await openSegment(folder, firstSeq, resumeAt === undefined ? { io } : { io, resumeAt });
  let bytes = segment.bytes;
  let queue: Waiting[] = [];
  let pumping: Promise<void> | undefined;
  let pumpIsAwake = false;
  /** `full`: last words only. `dead`: nothing any more. */
  let condition: "open" | "full" | "dead" | "ended" = "open";

  const stopWith = (next: "full" | "dead", problem: Problem): void => {
    if (condition === "open" || (condition === "full" && next === "dead")) condition = next;
    if (!failure.signal.aborted) failure.abort(problem);
    void sealer.stop();
  };
  const sealer = openSealer(
    {
      dir,
      mark: options.mark,
      origin: options.origin,
      signer: options.signer,
      ...(tiles === undefined ? {} : { tiles }),
      state: () => state,
      failed: (error) => stopWith(isFull(error) ? "full" : "dead", systemProblem(problemCode(error), error, dir)),
    },
    options.from.sealed,
  );

  const refusal = (type: string): Problem | undefined => {
    if (condition === "ended") return { code: "log-closed", message: "the record of this session is closed" };
    if (condition === "open" || (condition === "full" && LAST_TYPES.has(type))) return undefined;
    return failure.signal.reason as Problem;
  };

  const writeBatch = async (batch: readonly Waiting[]): Promise<void> => {
    if (segment.bytes >= SEGMENT_BYTES) {
      await segment.close();
      segment = await openSegment(folder, state.size, { io });
      firstSeq = state.size;
    }
    for (const { body } of batch) await writeBlobs(dir, body.blobs);
    const framed = frame(state, batch);
    await segment.append(framed.bytes);
    for (const leaf of framed.leaves) tiles?.add(leaf);
    let seq = state.size;
    state = framed.next;
    for (const waiting of batch) waiting.resolve(seq++);
    sealer.note(batch.some(({ type }) => SIGNED_AT_ONCE.test(type)));
  };

  const pump = async (): Promise<void> => {
    // Seeing an empty queue and standing still are one step: a record that is queued in between would wait for ever.
    while (queue.length > 0) {
      const batch = queue.slice(0, BATCH).filter((waiting) => stillWelcome(waiting));
      queue = queue.slice(BATCH);
      if (batch.length === 0) continue;
      try {
        await writeBatch(batch);
      } catch (error) {
        const full = isFull(error);
        const problem = systemProblem(problemCode(error), cause(error), dir);
        stopWith(full && condition === "open" ? "full" : "dead", problem);
        for (const waiting of batch) waiting.reject(new LogError(problem));
      }
    }
    pumpIsAwake = false;
  };
  const stillWelcome = (waiting: Waiting): boolean => {
    const problem = refusal(waiting.type);
    if (problem !== undefined) waiting.reject(new LogError(problem));
    return problem === undefined;
  };
  const kick = (): void => {
    if (pumpIsAwake) return;
    pumpIsAwake = true;
    pumping = pump();
  };

  return {
    failed: failure.signal,
    get bytes(): number {
      return bytes;
    },
    get state(): ChainState {
      return state;
    },
    get segment(): ResumeAt {
      return { firstSeq, bytes: segment.bytes };
    },
    async append(session: string, body: RecordBody): Promise<number> {
      const refused = refusal(body.type);
      if (refused !== undefined) throw new LogError(refused);
      const encoded = encodeBody(body, sha256Hex);
      if (!encoded.ok) throw new LogError(encoded.error);
      const cost = costOf(encoded.value);
      const room = options.maxBytes - (LAST_TYPES.has(body.type) ? 0 : LAST_WORDS);
      if (bytes + cost > room) {
        const problem = limitProblem(options.maxBytes);
        stopWith("full", problem);
        throw new LogError(problem);
      }
      bytes += cost;
      if (condition === "full") await options.freeReserve();
      const mono = Number(clock.mono() - opened);
      return await new Promise<number>((resolve, reject) => {
        queue.push({ session, wallMs: clock.wall(), mono, body: encoded.value, type: body.type, resolve, reject });
        kick();
      });
    },
    seal: (sealing) => sealer.seal(sealing),
    async end(): Promise<void> {
      if (condition === "ended") return;
      // First refuse, then wait: an append in between would find its segment closed.
      condition = "ended";
      await pumping;
      await sealer.stop();
      await segment.close();
    },
  };
}

/** What a record takes on disk, the longest envelope assumed. */
function costOf(body: { readonly text: string; readonly blobs: readonly { readonly bytes: Uint8Array }[] }): number {
  return Buffer.byteLength(body.text) + 300 + body.blobs.reduce((sum, blob) => sum + blob.bytes.length, 0);
}

function limitProblem(maxBytes: number): Problem {
  return {
    code: "log-limit",
    message: `the session's record reached its limit of ${maxBytes} bytes`,
    hint: "raise `sandbox.limits.logBytes` in the policy if the session is meant to say so much",
  };
}

function cause(error: unknown): unknown {
  return error instanceof AppendFailed ? error.cause : error;
}

/** Only a write that found no room can be gone on from; a failed sync cannot, whatever its word is. */
function isFull(error: unknown): boolean {
  if (error instanceof AppendFailed && error.stage === "sync") return false;
  const word = systemCode(cause(error));
  return word === "ENOSPC" || word === "EDQUOT";
}

function problemCode(error: unknown): string {
  return isFull(error) ? "log-full" : "log-failed";
}
