// Answers and requests of models, by table; and the laws: however a stream is cut it says the same, and nothing makes a reader throw.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { answerReader, EventStream, type ModelApi, modelApiOf, readPrompt, type TextRoom } from "#core/model";
import { readCases } from "../../support/cases.ts";
import "../../support/seed.ts";

interface AnswerCase {
  readonly name: string;
  readonly api: ModelApi["name"];
  readonly stream: boolean;
  readonly body: string;
  readonly whole?: false;
  readonly want: object;
}
interface PromptCase {
  readonly name: string;
  readonly api: ModelApi["name"];
  readonly body: unknown;
  readonly target?: string;
  readonly want: object;
}
const APIS: Readonly<Record<ModelApi["name"], ModelApi>> = {
  messages: { name: "messages", provider: "anthropic" },
  responses: { name: "responses", provider: "openai" },
  chat: { name: "chat", provider: "openai" },
  generate: { name: "generate", provider: "google" },
};

/** Room for so many characters; what is left shows whether all came back. */
class Room implements TextRoom {
  left: number;
  constructor(characters: number) {
    this.left = characters;
  }
  take(characters: number): boolean {
    if (characters > this.left) return false;
    this.left -= characters;
    return true;
  }
  give(characters: number): void {
    this.left += characters;
  }
}

const ANSWERS = readCases<AnswerCase, AnswerCase>("model/answers.jsonl");

describe("an answer", () => {
  it.for(ANSWERS)("$name", ({ api, body, stream, want, whole }) => {
    const memory = new Room(1_000_000);
    const reader = answerReader(APIS[api], stream, memory);
    reader.take(body);
    expect(reader.end(whole !== false)).toEqual(want);
    expect(memory.left).toBe(1_000_000);
  });
  test("says the same however it is cut", () => {
    const cuts = fc.array(fc.nat({ max: 3000 }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.constantFrom(...ANSWERS), cuts, ({ api, body, stream, want, whole }, at) => {
        const reader = answerReader(APIS[api], stream, new Room(1_000_000));
        const edges = [0, ...at.filter((one) => one < body.length).toSorted((a, b) => a - b), body.length];
        for (const [index, edge] of edges.entries()) reader.take(body.slice(edges[index - 1] ?? 0, edge));
        expect(reader.end(whole !== false)).toEqual(want);
      }),
      { numRuns: 500 },
    );
  });
  test("is never too much: what finds no room is left out, and that is said", () => {
    for (const { api, body, stream } of ANSWERS) {
      const memory = new Room(20);
      const reader = answerReader(APIS[api], stream, memory);
      reader.take(body);
      const { calls, text, thinking } = reader.end(true);
      expect([text, thinking, ...calls.map(({ input }) => input)].join("").length).toBeLessThanOrEqual(20);
      expect(memory.left).toBe(20);
    }
  });
  test("nothing makes a reader throw", () => {
    const keys = fc.constantFrom(
      "type",
      "index",
      "delta",
      "message",
      "content",
      "choices",
      "output",
      "item",
      "parts",
      "usage",
      "response",
      "candidates",
      "error",
      "tool_calls",
      "input",
      "contents",
      "messages",
      "text",
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 5 }, fc.jsonValue(), tie("list"), tie("object")),
      list: fc.array(tie("any"), { maxLength: 3 }),
      object: fc.dictionary(
        keys,
        fc.oneof(
          tie("any"),
          fc.constantFrom("message_start", "content_block_start", "response.completed", "response.output_item.done"),
        ),
        { maxKeys: 6 },
      ),
    })).any;
    fc.assert(
      fc.property(value, fc.constantFrom(...Object.values(APIS)), fc.boolean(), (json, api, stream) => {
        const text = JSON.stringify(json);
        const reader = answerReader(api, stream, new Room(10_000));
        reader.take(stream ? `data: ${text}\n\n` : text);
        reader.end(true);
        readPrompt(api, text);
      }),
      { numRuns: 2000 },
    );
  });
  test("nested as deep as memory goes: nothing is read, nothing is thrown", () => {
    const deep = `${'{"content":['.repeat(20_000)}${"]}".repeat(20_000)}`;
    for (const api of Object.values(APIS)) {
      const body = `{"candidates":[{"content":{"parts":[{"functionCall":{"args":${deep}}}]}}],"content":[{"type":"tool_use","input":${deep}}],"output":[{"type":"a_call","action":${deep}}],"input":[{"type":"a_output","output":${deep}}],"messages":[{"role":"tool","content":${deep}}],"contents":[{"parts":[{"functionResponse":{"response":${deep}}}]}]}`;
      const reader = answerReader(api, false, new Room(100_000_000));
      reader.take(body);
      expect(reader.end(true).text).toBe("");
      readPrompt(api, body);
    }
  });
});

describe("a request", () => {
  it.for(readCases<PromptCase, PromptCase>("model/prompts.jsonl"))("$name", ({ api, body, target, want }) => {
    expect(readPrompt(APIS[api], JSON.stringify(body), target)).toEqual(want);
  });
  test("that is no JSON object is none", () => {
    for (const body of ["", "x", "7", "null", '"a"']) expect(readPrompt(APIS.chat, body)).toBeUndefined();
  });
  test("that is nothing but brackets is none: it would be a hundred times as large as its text", () => {
    const many = (count: number): string => `{"messages":[${"{},".repeat(count)}{}]}`;
    expect(readPrompt(APIS.chat, many(900_000))).toMatchObject({ messages: 900_001 });
    expect(readPrompt(APIS.chat, many(2_000_000))).toBeUndefined();
  });
  test("is told by its path", () => {
    const api = (target: string): string | undefined => modelApiOf(target)?.name;
    expect(api("/v1/messages?beta=true")).toBe("messages");
    expect(api("/anthropic/v1/messages")).toBe("messages");
    expect(api("/v1/messages/count_tokens")).toBeUndefined();
    expect(api("/v1/projects/p/locations/l/publishers/anthropic/models/c:streamRawPredict")).toBe("messages");
    expect(api("/backend-api/codex/responses")).toBe("responses");
    expect(api("/v1/responses/resp_1/cancel")).toBeUndefined();
    expect(api("/api/v1/chat/completions")).toBe("chat");
    expect(api("/v1beta/models/g:streamGenerateContent?alt=sse")).toBe("generate");
    expect(api("/v1internal:generateContent")).toBe("generate");
    expect(api("/v1beta/models/g:countTokens")).toBeUndefined();
    expect(api("/x?/v1/messages")).toBeUndefined();
  });
});

test("an event that is longer than is kept is left out, and the next one is read", () => {
  const stream = new EventStream(100, new Room(1000));
  expect(stream.take(`data: a\n\ndata: ${"x".repeat(60)}`)).toEqual(["a"]);
  expect(stream.take("x".repeat(60))).toEqual([]);
  expect(stream.take("\n\ndata: b\r\rdata: c\r\n\r\n")).toEqual(["b", "c"]);
  expect(stream.hasLost).toBe(true);
  const memory = new Room(30);
  const poor = new EventStream(100, memory);
  expect(poor.take(`data: ${"x".repeat(40)}\n\ndata: a\n\ndata: b`)).toEqual(["a"]);
  expect([poor.hasLost, memory.left]).toEqual([true, 23]);
  poor.close();
  expect(memory.left).toBe(30);
});
