// One answer of a model as it comes together, within a bound: text, thinking, the tool calls that it asks for, and what it counted.

/** A tool call that the model asks for. Whether it happened is another record's to say. */
export interface ModelCall {
  readonly id: string;
  readonly tool: string;
  /** JSON as the model wrote it, or plain text. */
  readonly input: string;
}

/** Tokens, by the vendor's own count. */
export interface Usage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cacheReadTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
}

/** What an answer said. */
export interface ModelOutput extends Usage {
  readonly model?: string;
  /** The vendor's name of the answer. */
  readonly response?: string;
  readonly text: string;
  readonly thinking: string;
  readonly calls: readonly ModelCall[];
  /** Why it ended, in the vendor's word. */
  readonly stop?: string;
  readonly error?: string;
  /** False for an answer that broke off. */
  readonly isComplete: boolean;
  /** True when it said more than is kept. */
  readonly isTruncated: boolean;
}

/** Where memory for texts comes from. Who takes gives back. */
export interface TextRoom {
  /** False when there is no room for so many characters. */
  take(characters: number): boolean;
  give(characters: number): void;
}

/** The most characters of one answer that are kept. */
const ANSWER_MOST = 16 * 1024 * 1024;
const CALLS_MOST = 512;

interface CallDraft {
  id: string;
  tool: string;
  readonly input: string[];
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** An answer under way. */
export class OutputDraft {
  readonly #room: TextRoom;
  readonly #text: string[] = [];
  readonly #thinking: string[] = [];
  readonly #calls = new Map<string, CallDraft>();
  readonly #usage: Mutable<Usage> = {};
  #taken = 0;
  #isNewBlock = false;
  model: string | undefined;
  response: string | undefined;
  stop: string | undefined;
  error: string | undefined;
  isComplete = false;
  isTruncated = false;

  constructor(room: TextRoom) {
    this.#room = room;
  }

  say(text: string): void {
    if (text === "") return;
    const piece = this.#isNewBlock && this.#text.length > 0 ? `\n${text}` : text;
    this.#isNewBlock = false;
    if (this.#hasRoom(piece)) this.#text.push(piece);
  }

  think(text: string): void {
    if (text !== "" && this.#hasRoom(text)) this.#thinking.push(text);
  }

  /** What is said from now on is another block: kept apart by a line. */
  nextBlock(): void {
    this.#isNewBlock = true;
  }

  /** A call; `key` is whatever the protocol names it by while it comes. What is given later wins, input is added. */
  call(
    key: string,
    said: { readonly id?: string | undefined; readonly tool?: string | undefined; readonly input?: string | undefined },
  ): void {
    let call = this.#calls.get(key);
    if (call === undefined) {
      if (this.#calls.size >= CALLS_MOST) {
        this.isTruncated = true;
        return;
      }
      call = { id: "", tool: "", input: [] };
      this.#calls.set(key, call);
    }
    call.id = said.id ?? call.id;
    call.tool = said.tool ?? call.tool;
    if (said.input !== undefined && said.input !== "" && this.#hasRoom(said.input)) call.input.push(said.input);
  }

  /** Later counts replace earlier ones: every vendor counts upwards. */
  count(usage: Usage): void {
    for (const [name, value] of Object.entries(usage))
      if (value !== undefined) this.#usage[name as keyof Usage] = value;
  }

  /** How many calls there are so far. */
  get calls(): number {
    return this.#calls.size;
  }

  /** True while nothing was said. */
  get isEmpty(): boolean {
    return this.#text.length === 0 && this.#thinking.length === 0 && this.#calls.size === 0;
  }

  /** The answer as it is now. */
  output(): ModelOutput {
    const { error, isComplete, isTruncated, model, response, stop } = this;
    return {
      ...(model === undefined ? {} : { model }),
      ...(response === undefined ? {} : { response }),
      text: this.#text.join(""),
      thinking: this.#thinking.join(""),
      calls: [...this.#calls.values()].map(({ id, input, tool }) => ({ id, tool, input: input.join("") })),
      ...(stop === undefined ? {} : { stop }),
      ...(error === undefined ? {} : { error }),
      ...this.#usage,
      ...{ isComplete, isTruncated },
    };
  }

  /** Gives the room back. */
  close(): void {
    this.#room.give(this.#taken);
    this.#taken = 0;
  }

  #hasRoom({ length }: string): boolean {
    if (this.#taken + length > ANSWER_MOST || !this.#room.take(length)) {
      this.isTruncated = true;
      return false;
    }
    this.#taken += length;
    return true;
  }
}
