// What a request says to a model that the one before it did not: what stands behind the model's own last words. The rest of the conversation
// is on record already.
import type { ModelApi } from "./api.ts";
import { contentText, type Fields, fieldsOf, listOf, parsed, textOf, wholeText, wordOf } from "./fields.ts";

/** A tool's result that was handed to the model. Its text is the tool's record's. */
export interface ResultHandedOn {
  readonly call: string;
  readonly characters: number;
  readonly failed: boolean;
}

/** One request. */
export interface ModelPrompt {
  readonly model?: string;
  /** What a person, or the agent in his place, says. */
  readonly text: string;
  readonly results: readonly ResultHandedOn[];
  /** How many messages the whole conversation has. */
  readonly messages: number;
  /** How many tools the model is offered. */
  readonly tools: number;
}

interface Part {
  readonly isModels: boolean;
  readonly text: string;
  readonly results: readonly ResultHandedOn[];
}

const RESULTS_MOST = 256;

/** Reads the body of one; `undefined` where it is no JSON object. `target` names the model for some. */
export function readPrompt(api: ModelApi, body: string, target = ""): ModelPrompt | undefined {
  try {
    return promptOf(api, body, target);
  } catch {
    return undefined; // nested deeper than can be written again
  }
}

function promptOf(api: ModelApi, body: string, target: string): ModelPrompt | undefined {
  const value = parsed(body);
  if (typeof value !== "object" || value === null) return undefined;
  const outer = fieldsOf(value);
  // Code Assist wraps it, and so may a message of a WebSocket (`response.create`)
  const inner = api.name === "generate" ? outer["request"] : api.name === "responses" ? outer["response"] : undefined;
  const request = inner === undefined ? outer : fieldsOf(inner);
  const parts = partsOf(api, request);
  const last = parts.findLastIndex(({ isModels }) => isModels);
  const fresh = parts.slice(last + 1);
  const model = wordOf(request["model"]) ?? wordOf(outer["model"]) ?? wordOf(/\/models\/([\w.@-]+):/.exec(target)?.[1]);
  return {
    ...(model === undefined ? {} : { model }),
    text: fresh.flatMap(({ text }) => (text === "" ? [] : [text])).join("\n"),
    results: fresh.flatMap(({ results }) => results).slice(0, RESULTS_MOST),
    messages: parts.length,
    tools: listOf(request["tools"]).reduce(
      (sum, tool) => sum + Math.max(1, listOf(tool["functionDeclarations"]).length),
      0,
    ),
  };
}

function partsOf(api: ModelApi, request: Fields): readonly Part[] {
  switch (api.name) {
    case "messages":
      return listOf(request["messages"]).map(messagePart);
    case "responses":
      return typeof request["input"] === "string"
        ? [{ isModels: false, text: request["input"], results: [] }]
        : listOf(request["input"]).map(responsesPart);
    case "chat":
      return listOf(request["messages"]).map(chatPart);
    case "generate":
      return listOf(request["contents"]).map(generatePart);
    default:
      return api.name satisfies never;
  }
}

function messagePart({ content, role }: Fields): Part {
  const results = listOf(content)
    .filter(({ type }) => type === "tool_result")
    .map((part) => handedOn(part["tool_use_id"], part["content"], part["is_error"] === true));
  const text =
    typeof content === "string" ? content : contentText(listOf(content).filter(({ type }) => type === "text"));
  return { isModels: role === "assistant", text, results };
}

function responsesPart(item: Fields): Part {
  const type = textOf(item["type"]) ?? "message";
  if (type.endsWith("_output"))
    return { isModels: false, text: "", results: [handedOn(item["call_id"], item["output"], false)] };
  const isPersons = type === "message" && item["role"] === "user";
  const isModels = type === "message" ? item["role"] === "assistant" : true;
  return { isModels, text: isPersons ? contentText(item["content"]) : "", results: [] };
}

function chatPart({ content, role, tool_call_id }: Fields): Part {
  const results = role === "tool" ? [handedOn(tool_call_id, content, false)] : [];
  return { isModels: role === "assistant", text: role === "user" ? contentText(content) : "", results };
}

function generatePart({ parts, role }: Fields): Part {
  const results = listOf(parts).flatMap(({ functionResponse }) => {
    if (functionResponse === undefined) return [];
    const { id, name, response } = fieldsOf(functionResponse);
    return [handedOn(id ?? name, response, fieldsOf(response)["error"] !== undefined)];
  });
  return { isModels: role === "model", text: contentText(parts), results };
}

function handedOn(call: unknown, content: unknown, failed: boolean): ResultHandedOn {
  return { call: wordOf(call) ?? "", characters: wholeText(content).length, failed };
}
