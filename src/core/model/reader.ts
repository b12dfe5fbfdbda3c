// One answer of a model, read as its text comes: a stream of events, one JSON document, or the messages of a WebSocket. Total: what is no
// answer of this protocol leaves an output that says nothing.
import type { ModelApi } from "./api.ts";
import { takeChat } from "./chat.ts";
import { EventStream } from "./event-stream.ts";
import { type Fields, fieldsOf, parsed } from "./fields.ts";
import { takeGenerated } from "./generate.ts";
import { takeMessage, takeMessagesEvent } from "./messages.ts";
import { type ModelOutput, OutputDraft, type TextRoom } from "./output.ts";
import { takeResponse, takeResponsesEvent } from "./responses.ts";

/** Reads one answer. */
export interface AnswerReader {
  /** The next piece of its text. */
  take(piece: string): void;
  /** One event, where something else cuts them. True when it was the answer's last. */
  event(data: string): boolean;
  /** The text is over; `isWhole` is false where it broke off. Gives back what it held. */
  end(isWhole: boolean): ModelOutput;
}

/** The most characters of one event, or of an answer that is one document. */
const DOCUMENT_MOST = 24 * 1024 * 1024;

/** A reader for one answer of `api`. `isStream`: it comes as server-sent events. */
export function answerReader(api: ModelApi, isStream: boolean, room: TextRoom): AnswerReader {
  const draft = new OutputDraft(room);
  const heard = new Set<string>();
  const take = (data: string): void => {
    if (data === "[DONE]") draft.isComplete = true;
    else soundly(draft, () => takeEvent({ api, draft, heard }, fieldsOf(parsed(data))));
  };
  const stream = new EventStream(DOCUMENT_MOST, room);
  const document = new Document(room);
  return {
    take: (piece) => {
      if (!isStream) document.take(piece);
      else for (const event of stream.take(piece)) take(event);
    },
    event: (data) => {
      take(data);
      return draft.isComplete;
    },
    end: (isWhole) => {
      if (!isStream) for (const one of document.values()) soundly(draft, () => takeWhole(api, draft, one));
      draft.isTruncated ||= stream.hasLost || document.hasLost;
      // a chunk that says why it ended is the last but one of a chat's: not every server sends `[DONE]`
      draft.isComplete = isWhole && (draft.isComplete || !isStream || draft.stop !== undefined);
      const output = draft.output();
      draft.close();
      stream.close();
      document.close();
      return output;
    },
  };
}

/** JSON that is nested deeper than it can be written again is left out. */
function soundly(draft: OutputDraft, step: () => void): void {
  try {
    step();
  } catch {
    draft.isTruncated = true;
  }
}

interface Reading {
  readonly api: ModelApi;
  readonly draft: OutputDraft;
  readonly heard: Set<string>;
}

function takeEvent({ api, draft, heard }: Reading, event: Fields): void {
  switch (api.name) {
    case "messages":
      return takeMessagesEvent(draft, event);
    case "responses":
      return takeResponsesEvent(draft, event, heard);
    case "chat":
      return takeChat(draft, event);
    case "generate":
      return takeGenerated(draft, event);
    default:
      return api.name satisfies never;
  }
}

function takeWhole(api: ModelApi, draft: OutputDraft, answer: Fields): void {
  if (api.name === "messages") return takeMessage(draft, answer);
  if (api.name === "responses") return takeResponse(draft, answer);
  takeEvent({ api, draft, heard: new Set() }, answer);
}

/** The text of an answer that is one document. */
class Document {
  readonly #room: TextRoom;
  #pieces: string[] = [];
  #size = 0;
  hasLost = false;

  constructor(room: TextRoom) {
    this.#room = room;
  }

  take(piece: string): void {
    if (this.hasLost) return;
    this.hasLost = this.#size + piece.length > DOCUMENT_MOST || !this.#room.take(piece.length);
    if (this.hasLost) this.close();
    else {
      this.#size += piece.length;
      this.#pieces.push(piece);
    }
  }

  /** Gemini sends a list of chunks where nobody asked for events. */
  values(): readonly Fields[] {
    const value = parsed(this.#pieces.join(""));
    return Array.isArray(value) ? value.map(fieldsOf) : [fieldsOf(value)];
  }

  close(): void {
    this.#room.give(this.#size);
    this.#size = 0;
    this.#pieces = [];
  }
}
