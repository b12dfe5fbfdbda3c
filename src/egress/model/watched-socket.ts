// A model that is spoken to over WebSocket: each message up is a request, each message down an event, and answers follow one another.
import { type AnswerReader, answerReader, type ModelApi, outputFacts, promptFacts, readPrompt } from "#core/model";
import type { BodyFilter } from "../filter.ts";
import type { HoldRoom } from "../hold-room.ts";
import { KeptBytes } from "./kept-bytes.ts";
import { lookingAt } from "./looking.ts";
import type { Tell } from "./watched-request.ts";

/** One connection. */
export class WatchedSocket {
  readonly up: BodyFilter;
  readonly down: BodyFilter;

  constructor(parts: {
    readonly api: ModelApi;
    readonly room: HoldRoom;
    readonly tell: Tell;
    readonly now: () => number;
  }) {
    const { api, now, room, tell } = parts;
    let turn = 0;
    let began = now();
    let reader: AnswerReader | undefined;
    const over = (isWhole: boolean): void => {
      if (reader === undefined) return;
      const output = reader.end(isWhole);
      reader = undefined;
      tell("model.output", { turn, ...outputFacts(output), ms: Math.max(0, Math.round(now() - began)) });
    };
    this.up = messages(room, (text, bytes) => {
      const prompt = readPrompt(api, text);
      if (prompt === undefined || prompt.messages === 0) return;
      turn += 1;
      began = now();
      tell("prompt", { turn, ...promptFacts(prompt), bytes });
    });
    this.down = messages(
      room,
      (text) => {
        reader ??= answerReader(api, true, room);
        if (reader.event(text)) over(true);
      },
      () => over(false),
    );
  }
}

/** Each message whole; one that is too long is left out. */
function messages(room: HoldRoom, heard: (text: string, bytes: number) => void, gone?: () => void): BodyFilter {
  let kept = new KeptBytes(room);
  return lookingAt({
    take: (piece) => kept.take(piece),
    message: () => {
      const { isLost, size } = kept;
      const bytes = kept.bytes();
      kept = new KeptBytes(room);
      if (!isLost) heard(bytes.toString("utf8"), size);
    },
    end: () => {
      kept.close();
      gone?.();
    },
  });
}
