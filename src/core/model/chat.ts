// OpenAI's Chat Completions, which most gateways and local models speak: https://platform.openai.com/docs/api-reference/chat.
import { contentText, countOf, type Fields, fieldsOf, listOf, textOf, wordOf } from "./fields.ts";
import type { OutputDraft } from "./output.ts";

/** One chunk of a stream, or an answer that came at once: they differ in `delta` and `message` alone. */
export function takeChat(draft: OutputDraft, chunk: Fields): void {
  draft.model = wordOf(chunk["model"]) ?? draft.model;
  draft.response = wordOf(chunk["id"]) ?? draft.response;
  for (const choice of listOf(chunk["choices"])) {
    said(draft, `${choice["index"]}`, fieldsOf(choice["delta"] ?? choice["message"]));
    draft.stop = wordOf(choice["finish_reason"]) ?? draft.stop;
  }
  const usage = fieldsOf(chunk["usage"]);
  draft.count({
    inputTokens: countOf(usage["prompt_tokens"]),
    outputTokens: countOf(usage["completion_tokens"]),
    cacheReadTokens: countOf(fieldsOf(usage["prompt_tokens_details"])["cached_tokens"]),
    reasoningTokens: countOf(fieldsOf(usage["completion_tokens_details"])["reasoning_tokens"]),
  });
  const { error } = chunk;
  if (error === undefined || error === null) return;
  const { code, message, type } = fieldsOf(error);
  draft.error = `${wordOf(type) ?? wordOf(code) ?? "error"}: ${wordOf(message) ?? wordOf(error) ?? ""}`;
}

function said(draft: OutputDraft, choice: string, part: Fields): void {
  draft.say(contentText(part["content"]) || (textOf(part["refusal"]) ?? ""));
  draft.think(textOf(part["reasoning_content"]) ?? textOf(part["reasoning"]) ?? "");
  for (const [at, call] of listOf(part["tool_calls"]).entries()) {
    const { arguments: args, input, name } = { ...fieldsOf(call["custom"]), ...fieldsOf(call["function"]) };
    const given = textOf(args) ?? textOf(input);
    draft.call(`${choice} ${call["index"] ?? at}`, { id: wordOf(call["id"]), tool: wordOf(name), input: given });
  }
}
