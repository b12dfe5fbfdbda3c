// What an agent's telemetry says, in the words of the record: always claimed, whatever sends it. Three vocabularies, by the names that Claude Code
// (docs: monitoring-usage), Codex (docs: config, `otel`) and Gemini CLI (docs: telemetry) publish; what is none of them is nobody's word.
import type { Json, RecordBody } from "../log/index.ts";
import type { LogEvent } from "./otlp.ts";

const AGENTS: readonly (readonly [prefix: string, agent: string])[] = [
  ["claude_code.", "claude-code"],
  ["codex.", "codex"],
  ["gemini_cli.", "gemini"],
];
/** Claude Code gives the bare name in its attribute. */
const BARE = /^(?:user_prompt|api_request|api_error|tool_result|tool_decision)$/;

/** The record of an event; `undefined` for one that says nothing the record keeps. */
export function recordOfEvent({ attributes, name }: LogEvent): RecordBody | undefined {
  const [prefix, agent] = AGENTS.find(([one]) => name.startsWith(one)) ?? (BARE.test(name) ? ["", "claude-code"] : []);
  if (prefix === undefined || agent === undefined) return undefined;
  const said = new Said(attributes);
  const id = said.word("tool_use_id", "call_id", "tool_call_id");
  const about = { origin: "claimed", actor: { agent, ...(id === undefined ? {} : { tool_use_id: id }) } } as const;
  const via = { via: "otel", event: name, ...said.words({ prompt: ["prompt.id", "prompt_id"] }) };
  switch (name.slice(prefix.length)) {
    case "user_prompt":
      return { ...about, type: "prompt", data: { ...via, ...promptOf(said) } };
    case "api_request":
    case "api_response":
    case "sse_event":
    case "api_error":
      return outputOf(said) === undefined
        ? undefined
        : { ...about, type: "model.output", data: { ...via, ...outputOf(said) } };
    case "tool_result":
    case "tool_call":
      return { ...about, type: "tool.result", data: { ...via, ...resultOf(said) } };
    default:
      return undefined;
  }
}

type Data = { readonly [key: string]: Json };

/** Agents keep texts back, or cut them, unless they were told not to: then the record says how long it was. */
function promptOf(said: Said): Data {
  const text = said.text("prompt") ?? "";
  const length = said.count("prompt_length");
  const isCut = text === "<REDACTED>" || (length !== undefined && length > text.length);
  return {
    text: text === "<REDACTED>" ? "" : text,
    ...(length === undefined ? {} : { characters: length }),
    ...(isCut ? { truncated: true } : {}),
  };
}

/** Only an event that counts tokens, or tells an error, is an answer: Codex tells each event of a stream. */
function outputOf(said: Said): Data | undefined {
  const counts = said.counts({
    inputTokens: ["input_tokens", "input_token_count"],
    outputTokens: ["output_tokens", "output_token_count"],
    cacheReadTokens: ["cache_read_tokens", "cached_token_count", "cached_content_token_count"],
    cacheWriteTokens: ["cache_creation_tokens"],
    reasoningTokens: ["reasoning_token_count", "thoughts_token_count"],
    ms: ["duration_ms"],
    status: ["status_code", "http.response.status_code"],
  });
  const error = said.word("error", "error.message", "error_message");
  if (counts["inputTokens"] === undefined && counts["outputTokens"] === undefined && error === undefined)
    return undefined;
  return {
    text: said.text("response_text") ?? "",
    ...said.words({ model: ["model"], request: ["request_id"] }),
    ...counts,
    ...(error === undefined ? {} : { error }),
  };
}

function resultOf(said: Said): Data {
  const success = said.text("success");
  const output = said.text("output");
  const input =
    said.text("tool_input") ?? said.text("tool_parameters") ?? said.text("arguments") ?? said.text("function_args");
  return {
    tool: said.word("tool_name", "function_name") ?? "",
    failed: success === "false",
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    ...said.counts({ ms: ["duration_ms"], resultBytes: ["tool_result_size_bytes"] }),
    ...said.words({ decision: ["decision", "decision_type"], error: ["error"] }),
  };
}

/** Attributes by the first of several names that is there. */
class Said {
  readonly #attributes: LogEvent["attributes"];
  constructor(attributes: LogEvent["attributes"]) {
    this.#attributes = attributes;
  }

  text(name: string): string | undefined {
    const value = this.#attributes.get(name);
    return value === undefined ? undefined : String(value);
  }

  word(...names: readonly string[]): string | undefined {
    const value = names.map((name) => this.text(name)).find((one) => one !== undefined && one !== "");
    return value?.slice(0, 256);
  }

  count(...names: readonly string[]): number | undefined {
    const value = names.map((name) => this.text(name)).find((one) => one !== undefined);
    const number = Math.round(Number(value));
    return value === undefined || value === "" || !Number.isSafeInteger(number) || number < 0 ? undefined : number;
  }

  words(wanted: Readonly<Record<string, readonly string[]>>): { readonly [key: string]: string } {
    return this.#each(wanted, (names) => this.word(...names));
  }

  counts(wanted: Readonly<Record<string, readonly string[]>>): { readonly [key: string]: number } {
    return this.#each(wanted, (names) => this.count(...names));
  }

  #each<T>(
    wanted: Readonly<Record<string, readonly string[]>>,
    read: (names: readonly string[]) => T | undefined,
  ): { readonly [key: string]: T } {
    const found = Object.entries(wanted).flatMap(([key, names]): [string, T][] => {
      const value = read(names);
      return value === undefined ? [] : [[key, value]];
    });
    return Object.fromEntries(found);
  }
}
