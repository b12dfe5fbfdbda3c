// OpenAI's Responses API: https://platform.openai.com/docs/api-reference/responses and …/responses-streaming; the same events come over WebSocket.
import { contentText, countOf, type Fields, fieldsOf, listOf, textOf, wordOf } from "./fields.ts";
import type { OutputDraft } from "./output.ts";

const ITEMS_MOST = 1024;

/** One event of a stream. `heard`: the items that came in pieces so far, which come whole once more when they are done. */
export function takeResponsesEvent(draft: OutputDraft, event: Fields, heard: Set<string>): void {
  const type = wordOf(event["type"]) ?? "";
  const key = String(event["output_index"] ?? event["item_id"]).slice(0, 100);
  if (type.endsWith(".delta") && heard.size < ITEMS_MOST) heard.add(key);
  switch (type) {
    case "response.created":
    case "response.in_progress":
      return head(draft, fieldsOf(event["response"]));
    case "response.output_text.delta":
    case "response.refusal.delta":
      return draft.say(textOf(event["delta"]) ?? "");
    case "response.output_text.done":
      return draft.nextBlock();
    case "response.reasoning_summary_text.delta":
    case "response.reasoning_text.delta":
      return draft.think(textOf(event["delta"]) ?? "");
    case "response.function_call_arguments.delta":
    case "response.custom_tool_call_input.delta":
      return draft.call(key, { input: textOf(event["delta"]) });
    case "response.output_item.added": {
      const added = fieldsOf(event["item"]);
      return isCall(added) ? draft.call(key, named(added)) : undefined;
    }
    case "response.output_item.done": {
      const done = fieldsOf(event["item"]);
      if (!heard.has(key)) return item(draft, key, done);
      return isCall(done) ? draft.call(key, named(done)) : undefined;
    }
    case "response.completed":
    case "response.incomplete":
    case "response.failed":
    case "response.done":
      return takeResponse(draft, fieldsOf(event["response"]));
    case "error":
      return fault(draft, fieldsOf(event["error"] ?? event));
    default:
      return;
  }
}

/** What ends every answer: all of it, once more where it was streamed, and what it counted. */
export function takeResponse(draft: OutputDraft, response: Fields): void {
  head(draft, response);
  if (draft.isEmpty) for (const [index, one] of listOf(response["output"]).entries()) item(draft, String(index), one);
  draft.stop = wordOf(fieldsOf(response["incomplete_details"])["reason"]) ?? wordOf(response["status"]) ?? draft.stop;
  if (response["error"] !== undefined && response["error"] !== null) fault(draft, fieldsOf(response["error"]));
  const usage = fieldsOf(response["usage"]);
  draft.count({
    inputTokens: countOf(usage["input_tokens"]),
    outputTokens: countOf(usage["output_tokens"]),
    cacheReadTokens: countOf(fieldsOf(usage["input_tokens_details"])["cached_tokens"]),
    reasoningTokens: countOf(fieldsOf(usage["output_tokens_details"])["reasoning_tokens"]),
  });
  draft.isComplete = true;
}

function head(draft: OutputDraft, response: Fields): void {
  draft.model = wordOf(response["model"]) ?? draft.model;
  draft.response = wordOf(response["id"]) ?? draft.response;
}

function item(draft: OutputDraft, key: string, done: Fields): void {
  if (isCall(done)) {
    const action = done["action"] ?? done["operation"];
    const input =
      textOf(done["arguments"]) ?? textOf(done["input"]) ?? (action === undefined ? undefined : JSON.stringify(action));
    return draft.call(key, { ...named(done), input });
  }
  if (done["type"] === "reasoning") return draft.think(contentText(done["summary"]) || contentText(done["content"]));
  draft.nextBlock();
  draft.say(contentText(done["content"]));
}

/** `function_call`, `custom_tool_call`, `local_shell_call`, `web_search_call`, …: also those that run at the vendor. */
function isCall({ type }: Fields): boolean {
  return typeof type === "string" && type.endsWith("_call");
}

function named(call: Fields): { readonly id: string | undefined; readonly tool: string | undefined } {
  return { id: wordOf(call["call_id"]) ?? wordOf(call["id"]), tool: wordOf(call["name"]) ?? wordOf(call["type"]) };
}

function fault(draft: OutputDraft, error: Fields): void {
  draft.error = `${wordOf(error["code"]) ?? wordOf(error["type"]) ?? "error"}: ${wordOf(error["message"]) ?? ""}`;
}
