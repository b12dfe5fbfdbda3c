// Anthropic's Messages API: https://docs.anthropic.com/en/api/messages and …/messages-streaming.
import { countOf, type Fields, fieldsOf, listOf, textOf, wordOf } from "./fields.ts";
import type { OutputDraft } from "./output.ts";

/** One event of a stream. */
export function takeMessagesEvent(draft: OutputDraft, event: Fields): void {
  const key = String(event["index"]);
  switch (event["type"]) {
    case "message_start":
      return head(draft, fieldsOf(event["message"]));
    case "content_block_start":
      return block(draft, key, fieldsOf(event["content_block"]));
    case "content_block_delta": {
      const delta = fieldsOf(event["delta"]);
      draft.say(textOf(delta["text"]) ?? "");
      draft.think(textOf(delta["thinking"]) ?? "");
      const input = textOf(delta["partial_json"]);
      if (input !== undefined) draft.call(key, { input });
      return;
    }
    case "message_delta":
      draft.stop = wordOf(fieldsOf(event["delta"])["stop_reason"]) ?? draft.stop;
      return count(draft, fieldsOf(event["usage"]));
    case "message_stop":
      draft.isComplete = true;
      return;
    case "error":
      return fault(draft, event);
    default:
      return; // `ping`, and what is newer than this
  }
}

/** An answer that came at once. */
export function takeMessage(draft: OutputDraft, answer: Fields): void {
  if (answer["type"] === "error") fault(draft, answer);
  head(draft, answer);
  for (const [index, one] of listOf(answer["content"]).entries()) block(draft, String(index), one);
  draft.isComplete = true;
}

function head(draft: OutputDraft, message: Fields): void {
  draft.model = wordOf(message["model"]) ?? draft.model;
  draft.response = wordOf(message["id"]) ?? draft.response;
  draft.stop = wordOf(message["stop_reason"]) ?? draft.stop;
  count(draft, fieldsOf(message["usage"]));
}

/** Tools that run at the vendor (`server_tool_use`, `mcp_tool_use`) are calls as well. */
function block(draft: OutputDraft, key: string, content: Fields): void {
  const type = wordOf(content["type"]) ?? "";
  if (type === "text") draft.nextBlock();
  draft.say(textOf(content["text"]) ?? "");
  draft.think(textOf(content["thinking"]) ?? "");
  if (!type.endsWith("tool_use")) return;
  const given = content["input"];
  const input = Object.keys(fieldsOf(given)).length === 0 ? undefined : JSON.stringify(given);
  draft.call(key, { id: wordOf(content["id"]), tool: wordOf(content["name"]), input });
}

function count(draft: OutputDraft, usage: Fields): void {
  draft.count({
    inputTokens: countOf(usage["input_tokens"]),
    outputTokens: countOf(usage["output_tokens"]),
    cacheReadTokens: countOf(usage["cache_read_input_tokens"]),
    cacheWriteTokens: countOf(usage["cache_creation_input_tokens"]),
  });
}

function fault(draft: OutputDraft, event: Fields): void {
  const error = fieldsOf(event["error"]);
  draft.error = `${wordOf(error["type"]) ?? "error"}: ${wordOf(error["message"]) ?? ""}`;
}
