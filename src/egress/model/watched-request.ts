// The request to a model: what is new in it goes on record once a server has answered, so that a request which was refused is no prompt.
import type { Json } from "#core/log";
import { type ModelApi, promptFacts, readPrompt } from "#core/model";
import type { BodyFilter } from "../filter.ts";
import type { Field } from "../head.ts";
import type { HoldRoom } from "../hold-room.ts";
import { codingsOf, undoCodings } from "../leak/content-coding.ts";
import { KeptBytes } from "./kept-bytes.ts";
import { lookingAt } from "./looking.ts";

/** Puts a record of one exchange away. */
export type Tell = (type: "prompt" | "model.output", data: { readonly [key: string]: Json }) => void;

const DECODED_MOST = 24 * 1024 * 1024;

/** What it is made with. */
export interface WatchedRequestParts {
  readonly api: ModelApi;
  readonly target: string;
  readonly fields: readonly Field[];
  readonly room: HoldRoom;
  readonly tell: Tell;
}

/** One request. */
export class WatchedRequest {
  readonly body: BodyFilter;
  private readonly parts: WatchedRequestParts;
  private readonly kept: KeptBytes;
  private isWhole: boolean | undefined;
  private isAnswered = false;
  private isTold = false;

  constructor(parts: WatchedRequestParts) {
    this.parts = parts;
    this.kept = new KeptBytes(parts.room);
    this.body = lookingAt({
      take: (piece) => this.kept.take(piece),
      end: (isWhole) => {
        this.isWhole = isWhole;
        if (this.isAnswered) this.record();
        else if (!isWhole) this.kept.close();
      },
    });
  }

  /** A server has begun to answer. */
  answered(): void {
    this.isAnswered = true;
    if (this.isWhole !== undefined) this.record();
  }

  /** Once: with what there is. */
  record(): void {
    if (this.isTold) return;
    this.isTold = true;
    const { api, fields, target, tell } = this.parts;
    const { isLost, size } = this.kept;
    const codings = codingsOf(fields);
    const bytes = this.kept.bytes();
    const plain = isLost || codings === undefined ? undefined : undoCodings(bytes, codings, DECODED_MOST);
    const prompt = plain === undefined ? undefined : readPrompt(api, Buffer.from(plain).toString("utf8"), target);
    tell("prompt", {
      ...(prompt === undefined ? { text: "", unread: isLost ? "too-large" : "not-understood" } : promptFacts(prompt)),
      bytes: size,
      ...(this.isWhole === true ? {} : { incomplete: true }),
    });
  }
}
