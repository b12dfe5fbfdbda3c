// Gemini's generateContent: https://ai.google.dev/api/generate-content; the Code Assist API wraps each answer in `response`.
import { countOf, type Fields, fieldsOf, listOf, textOf, wordOf } from "./fields.ts";
import type { OutputDraft } from "./output.ts";

/** One chunk of a stream, or an answer that came at once: they have one form. */
export function takeGenerated(draft: OutputDraft, chunk: Fields): void {
  const answer = chunk["response"] === undefined ? chunk : fieldsOf(chunk["response"]);
  draft.model = wordOf(answer["modelVersion"]) ?? draft.model;
  draft.response = wordOf(answer["responseId"]) ?? draft.response;
  for (const candidate of listOf(answer["candidates"])) {
    for (const part of listOf(fieldsOf(candidate["content"])["parts"])) said(draft, part);
    const stop = wordOf(candidate["finishReason"]);
    draft.stop = stop ?? draft.stop;
    draft.isComplete ||= stop !== undefined;
  }
  const usage = fieldsOf(answer["usageMetadata"]);
  draft.count({
    inputTokens: countOf(usage["promptTokenCount"]),
    outputTokens: countOf(usage["candidatesTokenCount"]),
    cacheReadTokens: countOf(usage["cachedContentTokenCount"]),
    reasoningTokens: countOf(usage["thoughtsTokenCount"]),
  });
  const blocked = wordOf(fieldsOf(answer["promptFeedback"])["blockReason"]);
  if (blocked !== undefined) draft.stop = blocked;
  if (chunk["error"] === undefined) return;
  const { message, status } = fieldsOf(chunk["error"]);
  draft.error = `${wordOf(status) ?? "error"}: ${wordOf(message) ?? ""}`;
}

/** Each call comes whole, often without an id. */
function said(draft: OutputDraft, part: Fields): void {
  const text = textOf(part["text"]) ?? "";
  if (part["thought"] === true) draft.think(text);
  else draft.say(text);
  if (part["functionCall"] === undefined) return;
  const call = fieldsOf(part["functionCall"]);
  const input = JSON.stringify(call["args"] ?? {});
  draft.call(`${draft.calls}`, { id: wordOf(call["id"]), tool: wordOf(call["name"]), input });
}
