// A stream of server-sent events (WHATWG HTML section 9.2) taken apart as it arrives: nothing waits for what comes behind it. Message data stay bytes;
// what would travel on as a header or a field (an id, a wait) is kept only in a form that nobody can read differently.

/** One event, or one comment that keeps a connection alive. */
export type SseEvent =
  | { readonly kind: "comment" }
  | {
      readonly kind: "event";
      /** `message` where the stream names none. */
      readonly type: string;
      /** Empty where the event carries only an id or a wait. */
      readonly data: Buffer;
      readonly id?: string;
      readonly retryMs?: number;
    };

/** Why a stream cannot be read on. */
export class SseFault extends Error {
  override readonly name = "SseFault";
}

/** An event id goes into a request header later. */
const ID = /^[\x21-\x7e][\x20-\x7e]{0,1022}$/;
const RETRY = /^\d{1,8}$/;
const TYPE = /^[\x21-\x7e]{1,64}$/;
/** What keeping a line costs beside its bytes: an event of empty lines is as long as it is in memory. */
const LINE_COST = 64;
const [LF, CR, COLON, SPACE] = [0x0a, 0x0d, 0x3a, 0x20];
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** Splits one stream. */
export class SseSplitter {
  private readonly most: number;
  private line: Buffer[] = [];
  private data: Buffer[] = [];
  /** Bytes of the event so far, whatever they are. */
  private size = 0;
  private id: string | undefined;
  private retryMs: number | undefined;
  private type = "";
  private hasField = false;
  private isStart = true;
  private isAfterCr = false;

  /** `most`: bytes of one event. */
  constructor(most: number) {
    this.most = most;
  }

  /** The events that end in `chunk`. Throws `SseFault` when one grows beyond the cap. */
  *take(chunk: Buffer): Generator<SseEvent> {
    let from = 0;
    let [cr, lf] = [chunk.indexOf(CR), chunk.indexOf(LF)];
    while (from < chunk.length) {
      if (this.isAfterCr) {
        this.isAfterCr = false;
        if (chunk[from] === LF) {
          from += 1;
          continue;
        }
      }
      if (cr !== -1 && cr < from) cr = chunk.indexOf(CR, from);
      if (lf !== -1 && lf < from) lf = chunk.indexOf(LF, from);
      const end = cr === -1 ? lf : lf === -1 ? cr : Math.min(cr, lf);
      const piece = chunk.subarray(from, end === -1 ? chunk.length : end);
      this.size += piece.length + 1;
      if (this.size > this.most) throw new SseFault("an event is longer than allowed");
      this.line.push(piece);
      if (end === -1) return;
      this.isAfterCr = chunk[end] === CR;
      from = end + 1;
      const event = this.endLine();
      if (event !== undefined) yield event;
    }
  }

  /** True when the stream ended within an event: the rest is no event (section 9.2.6). */
  isHalf(): boolean {
    return this.hasField || this.line.some((piece) => piece.length > 0);
  }

  private endLine(): SseEvent | undefined {
    const [only = Buffer.alloc(0)] = this.line;
    let line = this.line.length === 1 ? only : Buffer.concat(this.line);
    this.line = [];
    if (this.isStart && line.subarray(0, 3).equals(BOM)) line = line.subarray(3);
    this.isStart = false;
    if (line.length === 0) return this.dispatch();
    const colon = line.indexOf(COLON);
    if (colon === 0) {
      if (!this.hasField) this.size = 0;
      return { kind: "comment" };
    }
    const name = line.toString("latin1", 0, colon === -1 ? line.length : colon);
    const start = colon === -1 ? line.length : line[colon + 1] === SPACE ? colon + 2 : colon + 1;
    this.field(name, line.subarray(start));
    return undefined;
  }

  private field(name: string, value: Buffer): void {
    this.hasField = true;
    this.size += LINE_COST;
    // What was cut off a chunk must not keep the whole chunk alive, nor change with it.
    if (name === "data") this.data.push(this.data.length > 0 ? Buffer.concat([Buffer.from([LF]), value]) : value);
    else if (name === "id") this.id = matching(ID, value) ?? this.id;
    else if (name === "event") this.type = matching(TYPE, value) ?? "";
    else if (name === "retry") {
      const text = matching(RETRY, value);
      if (text !== undefined) this.retryMs = Number(text);
    }
  }

  private dispatch(): SseEvent | undefined {
    const event: SseEvent = {
      kind: "event",
      type: this.type === "" ? "message" : this.type,
      data: this.data.length === 1 ? (this.data[0] ?? Buffer.alloc(0)) : Buffer.concat(this.data),
      ...(this.id === undefined ? {} : { id: this.id }),
      ...(this.retryMs === undefined ? {} : { retryMs: this.retryMs }),
    };
    const isEmpty = !this.hasField;
    this.data = [];
    this.size = 0;
    this.type = "";
    this.id = undefined;
    this.retryMs = undefined;
    this.hasField = false;
    return isEmpty ? undefined : event;
  }
}

/** The event as this house writes it. */
export function writeEvent(event: {
  readonly data: Uint8Array;
  readonly id?: string;
  readonly retryMs?: number;
}): Buffer {
  const head = [
    ...(event.id === undefined ? [] : [`id: ${event.id}\n`]),
    ...(event.retryMs === undefined ? [] : [`retry: ${event.retryMs}\n`]),
    "data: ",
  ];
  return Buffer.concat([Buffer.from(head.join("")), oneLine(event.data), Buffer.from("\n\n")]);
}

/** The same JSON without line breaks: between its tokens they are only space, and within its strings they cannot stand. */
export function oneLine(json: Uint8Array): Uint8Array {
  if (!json.includes(LF) && !json.includes(CR)) return json;
  return json.map((byte) => (byte === LF || byte === CR ? SPACE : byte));
}

function matching(pattern: RegExp, value: Buffer): string | undefined {
  if (value.length > 1024) return undefined;
  const text = value.toString("latin1");
  return pattern.test(text) ? text : undefined;
}
