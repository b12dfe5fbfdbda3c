// One answer to a client over HTTP: a single message as JSON, or a stream of events, as the upstream chose. Nothing is held back: what comes is written,
// and what the client does not take stops what comes.
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { writeEvent } from "./sse.ts";
import type { StreamPlace, ToClient } from "./to-client.ts";

/** A client that takes nothing for this long has gone. */
const TAKES_MS = 5 * 60_000;

/** The answer to one request. */
export class Reply {
  private readonly response: ServerResponse;
  private readonly fields: (status: number) => Readonly<Record<string, string>>;
  private status = 200;
  private isStream: boolean;
  private hasWritten = false;

  /** `fields` go with the head, whenever it is written. */
  constructor(
    response: ServerResponse,
    options: {
      readonly isStream?: boolean;
      readonly fields?: (status: number) => Readonly<Record<string, string>>;
    } = {},
  ) {
    this.response = response;
    this.isStream = options.isStream ?? false;
    this.fields = options.fields ?? (() => ({}));
  }

  /** True once something of the answer is out. */
  get isBegun(): boolean {
    return this.hasWritten;
  }

  /** The status of what is not a stream; an answer that has begun keeps its own. */
  set code(status: number) {
    this.status = status;
  }

  /** Writes one thing. Later messages of what is no stream have no place and are left. */
  async write(to: ToClient): Promise<void> {
    if (to.kind === "head") {
      if (this.hasWritten) return;
      this.status = to.status;
      this.isStream ||= to.isStream;
      if (this.isStream) this.begin();
      return;
    }
    if (!this.isStream) {
      if (to.kind !== "message" || this.hasWritten) return;
      this.hasWritten = true;
      this.response.writeHead(this.status, { ...this.fields(this.status), "content-type": "application/json" });
      this.response.end(to.bytes, to.delivered);
      return;
    }
    if (!this.hasWritten) this.begin();
    if (to.kind === "alive") return this.put(Buffer.from(":\n\n"));
    if (to.kind === "mark") return this.put(markOf(to));
    const { bytes, delivered, kind, ...place } = to;
    await this.put(writeEvent({ ...place, data: bytes }), delivered);
  }

  /** Begins a stream of events before there is any. */
  begin(): void {
    if (this.hasWritten) return;
    this.isStream = true;
    this.hasWritten = true;
    this.response.writeHead(200, {
      ...this.fields(200),
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    });
    this.response.flushHeaders();
  }

  /** Nothing more comes. What had no message at all is answered by its status. */
  end(): void {
    if (!this.hasWritten) this.response.writeHead(this.status, this.fields(this.status));
    this.hasWritten = true;
    if (!this.response.writableEnded) this.response.end();
  }

  private async put(bytes: Buffer, delivered?: () => void): Promise<void> {
    if (this.response.destroyed) return;
    if (this.response.write(bytes, () => delivered?.())) return;
    // Ended with the wait: a listener that stays for each would be thousands on a long stream.
    const over = new AbortController();
    const { signal } = over;
    const timer = setTimeout(() => this.response.destroy(), TAKES_MS);
    await Promise.race([once(this.response, "drain", { signal }), once(this.response, "close", { signal })]).catch(() =>
      this.response.destroy(),
    );
    clearTimeout(timer);
    over.abort();
  }
}

function markOf({ id, retryMs }: StreamPlace): Buffer {
  return writeEvent({
    ...(id === undefined ? {} : { id }),
    ...(retryMs === undefined ? {} : { retryMs }),
    data: Buffer.alloc(0),
  });
}
