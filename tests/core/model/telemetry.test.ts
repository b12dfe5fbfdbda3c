// What agents tell by OpenTelemetry, in their own vocabularies, becomes records that are claimed; what is none of it becomes nothing.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { encodeBody, type RecordBody } from "#core/log";
import { CallBook } from "#core/session";
import { parseLogs, recordOfEvent } from "#core/telemetry";
import "../../support/seed.ts";

type Attributes = Readonly<Record<string, string | number | boolean>>;

function exported(name: string, attributes: Attributes, more: object = {}): string {
  const pairs = Object.entries({ "event.name": name, ...attributes }).map(([key, value]) => ({
    key,
    value:
      typeof value === "string"
        ? { stringValue: value }
        : typeof value === "boolean"
          ? { boolValue: value }
          : Number.isInteger(value)
            ? { intValue: String(value) }
            : { doubleValue: value },
  }));
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes: pairs, ...more }] }] }] });
}

const told = (text: string): readonly RecordBody[] =>
  (parseLogs(text) ?? []).flatMap((one) => recordOfEvent(one) ?? []);

const CASES: readonly (readonly [name: string, attributes: Attributes, want: object | undefined])[] = [
  [
    "user_prompt",
    { prompt: "do it", prompt_length: 5, "prompt.id": "p1" },
    {
      type: "prompt",
      actor: { agent: "claude-code" },
      data: { text: "do it", characters: 5, prompt: "p1", via: "otel" },
    },
  ],
  ["claude_code.user_prompt", { prompt: "<REDACTED>", prompt_length: 5 }, { data: { text: "", truncated: true } }],
  [
    "api_request",
    {
      model: "m",
      input_tokens: 3,
      output_tokens: 4,
      cache_read_tokens: 5,
      cache_creation_tokens: 6,
      duration_ms: 7.6,
      cost_usd: 0.1,
    },
    {
      type: "model.output",
      data: { model: "m", inputTokens: 3, outputTokens: 4, cacheReadTokens: 5, cacheWriteTokens: 6, ms: 8 },
    },
  ],
  [
    "api_error",
    { model: "m", error: "overloaded", status_code: "529" },
    { data: { error: "overloaded", status: 529 } },
  ],
  [
    "tool_result",
    { tool_name: "Bash", tool_use_id: "toolu_1", success: "false", tool_parameters: '{"bash_command":"ls"}' },
    {
      type: "tool.result",
      actor: { agent: "claude-code", tool_use_id: "toolu_1" },
      data: { tool: "Bash", failed: true, input: '{"bash_command":"ls"}' },
    },
  ],
  [
    "codex.user_prompt",
    { prompt: "[REDACTED]", prompt_length: 40 },
    { actor: { agent: "codex" }, data: { truncated: true } },
  ],
  ["codex.sse_event", { "event.kind": "response.output_item.done" }, undefined],
  [
    "codex.sse_event",
    { "event.kind": "response.completed", input_token_count: 1, output_token_count: 2, cached_token_count: 0 },
    { type: "model.output", data: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 0 } },
  ],
  [
    "codex.tool_result",
    { tool_name: "exec_command", call_id: "call_1", success: "true", output: "hi", arguments: "{}" },
    { actor: { agent: "codex", tool_use_id: "call_1" }, data: { failed: false, output: "hi", input: "{}" } },
  ],
  [
    "gemini_cli.api_response",
    { model: "g", input_token_count: 1, output_token_count: 2, thoughts_token_count: 3, response_text: "ok" },
    { actor: { agent: "gemini" }, data: { text: "ok", reasoningTokens: 3 } },
  ],
  ["gemini_cli.tool_call", { function_name: "run", success: true }, { data: { tool: "run", failed: false } }],
  ["gemini_cli.config", { model: "g" }, undefined],
  ["somebody.else", { prompt: "x" }, undefined],
];

describe("telemetry", () => {
  it.for(CASES)("%s", ([name, attributes, want]) => {
    const [record, ...others] = told(exported(name, attributes));
    expect(others).toEqual([]);
    if (want === undefined) expect(record).toBeUndefined();
    else expect(record).toMatchObject({ origin: "claimed", ...want });
  });
  test("takes the name from the field where no attribute has one, and from the body", () => {
    const bare = (record: object): string =>
      JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
    expect(told(bare({ eventName: "codex.user_prompt" }))).toHaveLength(1);
    expect(told(bare({ body: { stringValue: "claude_code.user_prompt" } }))).toHaveLength(1);
    expect(told(exported("codex.user_prompt", {}, { eventName: "event src/otel.rs:7" }))).toHaveLength(1);
  });
  test("whatever comes is a record that can be written, or nothing", () => {
    const value = fc.oneof(
      fc.record({ stringValue: fc.string({ unit: "binary" }) }),
      fc.record({ intValue: fc.oneof(fc.string(), fc.double()) }),
      fc.record({ arrayValue: fc.jsonValue() }),
      fc.jsonValue(),
    );
    const key = fc.constantFrom(
      "event.name",
      "prompt",
      "prompt_length",
      "input_tokens",
      "error",
      "success",
      "call_id",
      "tool_name",
      "duration_ms",
    );
    const name = fc.constantFrom("user_prompt", "codex.sse_event", "gemini_cli.tool_call", "api_error");
    const records = fc.array(fc.record({ eventName: name, attributes: fc.array(fc.record({ key, value })) }));
    fc.assert(
      fc.property(fc.oneof(records, fc.jsonValue()), (logRecords) => {
        for (const record of told(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] })))
          expect(encodeBody(record, () => "0".repeat(64))).toMatchObject({ ok: true });
      }),
    );
    for (const text of ["", "7", "{}", '{"resourceLogs":7}', "\u0000"]) expect(parseLogs(text)).toBeUndefined();
  });
  test("ends no call that the walls follow", () => {
    const book = new CallBook();
    const call = (id: string): RecordBody => ({
      ...{ type: "tool.call", origin: "claimed", actor: { agent: "a", tool_use_id: id } },
      data: { tool: "Bash", input: '{"command":"make"}', verdict: "allow" },
    });
    book.take(call("one"));
    const late = told(exported("tool_result", { tool_name: "Bash" }))[0];
    if (late === undefined) throw new Error("nothing was told");
    expect(book.take(late).data["call"]).toBeUndefined();
    const started = {
      type: "exec.start",
      origin: "observed",
      actor: { pid: 7 },
      data: { argv: ["sh", "-c", "make"] },
    } as const;
    expect(book.take(started).data["call"]).toBe("one");
  });
});
