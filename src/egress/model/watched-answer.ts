// A model's answer: read as it streams by, on record when it is over, also where it broke off.
import { StringDecoder } from "node:string_decoder";
import { gunzipSync } from "node:zlib";
import { type AnswerReader, answerReader, type ModelApi, outputFacts } from "#core/model";
import type { BodyFilter, ResponseView } from "../filter.ts";
import { valuesOf } from "../head.ts";
import type { HoldRoom } from "../hold-room.ts";
import { codingsOf, undoCodings } from "../leak/content-coding.ts";
import { KeptBytes } from "./kept-bytes.ts";
import { lookingAt } from "./looking.ts";
import type { Tell, WatchedRequest } from "./watched-request.ts";

const DECODED_MOST = 48 * 1024 * 1024;

/** What it is made with. */
export interface WatchedAnswerParts {
  readonly api: ModelApi;
  readonly room: HoldRoom;
  readonly tell: Tell;
  readonly now: () => number;
  readonly began: number;
  readonly response: ResponseView;
  readonly sent: WatchedRequest;
}

/** One answer. */
export class WatchedAnswer {
  readonly body: BodyFilter;
  private readonly parts: WatchedAnswerParts;
  private readonly reader: AnswerReader;
  private readonly decoder = new StringDecoder("utf8");
  /** In the order in which they were applied; `undefined` where one is not known. */
  private readonly codings: readonly string[] | undefined;
  /** What is compressed is kept until it is complete. */
  private readonly packed: KeptBytes;
  private size = 0;

  constructor(parts: WatchedAnswerParts) {
    this.parts = parts;
    const { fields } = parts.response;
    const isStream = valuesOf(fields, "content-type").some((value) => /^text\/event-stream\b/i.test(value));
    this.reader = answerReader(parts.api, isStream, parts.room);
    this.codings = codingsOf(fields);
    this.packed = new KeptBytes(parts.room);
    this.body = lookingAt({ take: (piece) => this.take(piece), end: (isWhole) => this.end(isWhole) });
    parts.sent.answered();
  }

  private take(piece: Buffer): void {
    this.size += piece.length;
    if (this.codings === undefined) return;
    if (this.codings.length > 0) this.packed.take(piece);
    else this.reader.take(this.decoder.write(piece));
  }

  private end(isWhole: boolean): void {
    const { began, now, response, sent, tell } = this.parts;
    const { isLost } = this.packed;
    const text = this.unpacked(isWhole);
    if (text !== undefined) this.reader.take(text);
    const output = this.reader.end(isWhole && text !== undefined);
    const request = ["request-id", "x-request-id", "x-goog-request-id"]
      .flatMap((name) => valuesOf(response.fields, name))
      .find((value) => /^[\x21-\x7e]{1,200}$/.test(value));
    sent.record();
    tell("model.output", {
      status: response.status,
      ...(request === undefined ? {} : { request }),
      ...outputFacts(output),
      ...(text === undefined ? { unread: isLost ? "too-large" : "content-coding" } : {}),
      ...{ bytes: this.size, ms: Math.max(0, Math.round(now() - began)) },
    });
  }

  /** What the reader has not had yet; `undefined` where it cannot be read. */
  private unpacked(isWhole: boolean): string | undefined {
    const { codings, packed } = this;
    if (codings === undefined || packed.isLost) return undefined;
    if (codings.length === 0) return this.decoder.end();
    const bytes = packed.bytes();
    const plain = undoCodings(bytes, codings, DECODED_MOST) ?? (isWhole ? undefined : begunGzip(bytes, codings));
    return plain === undefined ? undefined : Buffer.from(plain).toString("utf8");
  }
}

/** The beginning of a stream that broke off. */
function begunGzip(bytes: Buffer, codings: readonly string[]): Buffer | undefined {
  if (codings.join() !== "gzip") return undefined;
  try {
    return gunzipSync(bytes, { finishFlush: SYNC_FLUSH, maxOutputLength: DECODED_MOST });
  } catch {
    return undefined;
  }
}

/** `Z_SYNC_FLUSH` of zlib: as far as it goes. */
const SYNC_FLUSH = 2;
