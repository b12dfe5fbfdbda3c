// The pump: lines of a log, rendered, in batches, to a sink, and the cursor behind them. In order, at least once, nothing skipped.
import { setTimeout as sleep } from "node:timers/promises";
import { err, ok, type Problem, type Result } from "#core";
import { type ChainPlace, EVENT_TEXT, type Format, type Rendered, renderEvent, type Stream } from "#core/log/export";
import { sha256 } from "../crypto.ts";
import { holderOf } from "../lock.ts";
import type { Cursor, CursorState } from "./cursor.ts";
import { BATCH_BYTES, type Sink } from "./sink.ts";
import { type Sourced, type SourcePlace, sourceLines } from "./source.ts";

/** What is delivered, and how. */
export interface DeliverOptions {
  readonly dir: string;
  readonly stream: Stream;
  readonly format: Format;
  readonly sink: Sink;
  /** Where to begin. */
  readonly from: CursorState;
  /** Kept after each batch, for a sink that is served more than once. */
  readonly cursor?: Cursor;
  readonly chainUid: string;
  readonly private: boolean;
  /** Goes on until the session closes or its writer is gone; `ever`, until it is told to stop (the ledger has many sessions). */
  readonly follow: boolean | "ever";
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface Delivered {
  readonly records: number;
  /** Findings of damage that were sent. */
  readonly damaged: number;
  /** Number of the next record to deliver. */
  readonly next: number;
  readonly problem?: Problem;
}

const STOPPED: Problem = { code: "export-stopped", message: "stopped before everything was delivered" };

/** How often a followed log is looked at. */
const LOOK_MS = 200;

/** Delivers what there is, and with `follow` what comes. Throws `Unreadable`. */
export async function deliver(options: DeliverOptions): Promise<Delivered> {
  const pump = new Pump(options);
  let problem: Problem | undefined;
  try {
    problem = await pump.run();
  } finally {
    const closed = await options.sink.close({ complete: problem === undefined && !options.signal.aborted });
    if (problem === undefined && !closed.ok) problem = closed.error;
  }
  return { ...pump.counted, ...(problem === undefined ? {} : { problem }) };
}

class Pump {
  readonly #options: DeliverOptions;
  #texts: string[] = [];
  #sourced: Sourced[] = [];
  #bytes = 0;
  /** Behind the last event that was taken up, sent or not. */
  #read: SourcePlace;
  #chain: ChainPlace | undefined;
  /** Behind the last line that was delivered whole. */
  #kept: CursorState;
  #records = 0;
  #damaged = 0;
  #closed = false;

  constructor(options: DeliverOptions) {
    this.#options = options;
    this.#read = options.from.source;
    this.#chain = options.from.chain;
    this.#kept = options.from;
  }

  get counted(): Omit<Delivered, "problem"> {
    return { records: this.#records, damaged: this.#damaged, next: this.#kept.source.next };
  }

  async run(): Promise<Problem | undefined> {
    const { dir, follow, signal } = this.#options;
    for (;;) {
      // Asked before the look: what was written until then is seen by it, and what stands there after half a line was not finished.
      const ended = follow !== "ever" && ((follow && this.#closed) || !(await hasWriter(dir)));
      const problem = await this.#pass(ended);
      if (problem !== undefined) return problem;
      if (signal.aborted) return follow === false ? STOPPED : undefined;
      if (follow === false || ended) return undefined;
      if (follow === "ever" || !this.#closed) await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Everything there is now. */
  async #pass(ended: boolean): Promise<Problem | undefined> {
    const { dir, private: isPrivate, signal } = this.#options;
    for (const sourced of sourceLines(dir, this.#read, { private: isPrivate, ended })) {
      const problem = await this.#take(sourced);
      if (problem !== undefined) return problem;
      if (signal.aborted) return undefined;
    }
    return await this.#flush();
  }

  async #take(sourced: Sourced): Promise<Problem | undefined> {
    const { room } = this.#options.sink;
    const rendered = this.#render(sourced);
    if (!rendered.ok) return (await this.#flush()) ?? rendered.error;
    const { text, chain } = rendered.value;
    if (this.#bytes + text.length > BATCH_BYTES && this.#texts.length > 0) {
      const problem = await this.#flush();
      if (problem !== undefined) return problem;
    }
    this.#texts.push(text);
    this.#sourced.push(withoutContents(sourced));
    this.#bytes += text.length;
    this.#chain = chain ?? this.#chain;
    if (sourced.after !== undefined) this.#read = sourced.after;
    this.#closed ||= isClose(sourced);
    return this.#texts.length >= room.events ? await this.#flush() : undefined;
  }

  /** Cut until it fits into what the sink takes of one event. */
  #render({ exported }: Sourced): Result<Rendered, Problem> {
    const { format, stream, chainUid, sink } = this.#options;
    const { message } = sink.room;
    const rendering = { format, stream, chainUid, sha256 };
    for (let most = EVENT_TEXT; most >= 64; most = Math.floor(most / 4)) {
      const rendered = renderEvent(exported, rendering, { most, before: this.#chain });
      if (message === undefined || message.length(rendered.text, exported) <= message.bytes) return ok(rendered);
    }
    const what = exported.kind === "record" ? `record ${exported.record.seq}` : `the finding at record ${exported.seq}`;
    return err({
      code: "export-too-long",
      message: `${what} does not fit into a message of ${message?.bytes} bytes`,
      hint: "allow longer messages with `--message-size`, on the receiver too",
    });
  }

  async #flush(): Promise<Problem | undefined> {
    const { sink, cursor, signal } = this.#options;
    if (this.#texts.length === 0) return undefined;
    const batch = { texts: this.#texts, events: this.#sourced.map(({ exported }) => exported) };
    const delivered = await sink.deliver(batch, signal);
    if (!delivered.ok) return delivered.error;
    this.#count();
    // A line whose finding was sent but not its record is sent again as a whole.
    const whole = this.#sourced.at(-1)?.after !== undefined;
    [this.#texts, this.#sourced, this.#bytes] = [[], [], 0];
    if (!whole) return undefined;
    this.#kept = { source: this.#read, chain: this.#chain };
    try {
      await cursor?.move(this.#kept);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return {
        code: "export-cursor",
        message: `it was delivered, but not noted (${why}): the next export sends it again`,
      };
    }
    return undefined;
  }

  #count(): void {
    for (const { exported } of this.#sourced) {
      if (exported.kind === "record") this.#records += 1;
      else this.#damaged += 1;
    }
  }
}

/** What stands beside a line may be long, and is in the text now. */
function withoutContents({ exported, ...rest }: Sourced): Sourced {
  return { exported: exported.kind === "record" ? { ...exported, beside: new Map() } : exported, ...rest };
}

function isClose({ exported }: Sourced): boolean {
  return exported.kind === "record" && exported.record.type === "session.close";
}

/** A log that is being written may end in half a line, and may go on. Asks, and takes nothing: a writer may be about to start. */
async function hasWriter(dir: string): Promise<boolean> {
  return (await holderOf(dir)) !== undefined;
}
