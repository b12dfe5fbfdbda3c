// The streaming protocols that coding agents speak to a model, as pure functions: a script's step in, wire text out.
// Written from the vendors' published formats: Anthropic Messages, OpenAI Responses, OpenAI Chat Completions, Gemini (server-sent events).

/** What the scripted model does next: call one tool, or say something and end the turn. */
export type Step =
  | { readonly tool: string; readonly args: Readonly<Record<string, unknown>> }
  | { readonly text: string };

/** One protocol: how many tool results a request carries, and how an answer to it is written. */
export interface Protocol {
  readonly name: "messages" | "responses" | "chat" | "gemini";
  /** The tool results in the request, oldest first, as the agent wrote them. */
  results(request: JsonObject): readonly string[];
  /** The names of the tools the agent offers. */
  tools(request: JsonObject): readonly string[];
  /** The whole answer as server-sent events. */
  answer(step: Step, id: string, model: string): string;
}

/** A parsed JSON object from an agent; every field is looked at before use. */
export type JsonObject = { readonly [key: string]: unknown };

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Text of a content field that is a string, or a list of parts with `text`. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  const parts = objects(value).map((part) => part["text"]);
  return parts.length > 0 ? parts.filter((part) => typeof part === "string").join("\n") : JSON.stringify(value ?? "");
}

function names(value: unknown): readonly string[] {
  return objects(value).map((tool) => String(isObject(tool["function"]) ? tool["function"]["name"] : tool["name"]));
}

function events(list: readonly JsonObject[]): string {
  return list.map((data) => `event: ${String(data["type"])}\ndata: ${JSON.stringify(data)}\n\n`).join("");
}

const messages: Protocol = {
  name: "messages",
  results: (request) =>
    objects(request["messages"])
      .flatMap((message) => objects(message["content"]))
      .filter((part) => part["type"] === "tool_result")
      .map((part) => textOf(part["content"])),
  tools: (request) => names(request["tools"]),
  answer(step, id, model) {
    const usage = { input_tokens: 10, output_tokens: 10 };
    const start = { id: `msg_${id}`, type: "message", role: "assistant", model, content: [], stop_reason: null, usage };
    const block =
      "tool" in step ? { type: "tool_use", id: `toolu_${id}`, name: step.tool, input: {} } : { type: "text", text: "" };
    const delta =
      "tool" in step
        ? { type: "input_json_delta", partial_json: JSON.stringify(step.args) }
        : { type: "text_delta", text: step.text };
    const end = { stop_reason: "tool" in step ? "tool_use" : "end_turn", stop_sequence: null };
    return events([
      { type: "message_start", message: start },
      { type: "content_block_start", index: 0, content_block: block },
      { type: "content_block_delta", index: 0, delta },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: end, usage },
      { type: "message_stop" },
    ]);
  },
};

const responses: Protocol = {
  name: "responses",
  results: (request) =>
    objects(request["input"])
      .filter((item) => item["type"] === "function_call_output" || item["type"] === "custom_tool_call_output")
      .map((item) => textOf(item["output"])),
  tools: (request) => names(request["tools"]),
  answer(step, id, model) {
    const item =
      "tool" in step
        ? {
            type: "function_call",
            id: `fc_${id}`,
            call_id: `call_${id}`,
            name: step.tool,
            arguments: JSON.stringify(step.args),
          }
        : {
            type: "message",
            id: `msg_${id}`,
            role: "assistant",
            content: [{ type: "output_text", text: step.text, annotations: [] }],
          };
    const usage = {
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 10,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 20,
    };
    const response = { id: `resp_${id}`, object: "response", model, status: "in_progress", output: [] };
    return events([
      { type: "response.created", response },
      { type: "response.output_item.added", output_index: 0, item },
      { type: "response.output_item.done", output_index: 0, item: { ...item, status: "completed" } },
      { type: "response.completed", response: { ...response, status: "completed", output: [item], usage } },
    ]);
  },
};

const chat: Protocol = {
  name: "chat",
  results: (request) =>
    objects(request["messages"])
      .filter((message) => message["role"] === "tool")
      .map((message) => textOf(message["content"])),
  tools: (request) => names(request["tools"]),
  answer(step, id, model) {
    const delta =
      "tool" in step
        ? {
            tool_calls: [
              {
                index: 0,
                id: `call_${id}`,
                type: "function",
                function: { name: step.tool, arguments: JSON.stringify(step.args) },
              },
            ],
          }
        : { content: step.text };
    const chunk = (choice: JsonObject, more: JsonObject = {}): string =>
      `data: ${JSON.stringify({ id: `chatcmpl-${id}`, object: "chat.completion.chunk", created: 0, model, choices: [{ index: 0, ...choice }], ...more })}\n\n`;
    return [
      chunk({ delta: { role: "assistant", ...delta }, finish_reason: null }),
      chunk(
        { delta: {}, finish_reason: "tool" in step ? "tool_calls" : "stop" },
        { usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 } },
      ),
      "data: [DONE]\n\n",
    ].join("");
  },
};

const gemini: Protocol = {
  name: "gemini",
  results: (request) =>
    objects(request["contents"])
      .flatMap((content) => objects(content["parts"]))
      .flatMap((part) =>
        isObject(part["functionResponse"]) ? [JSON.stringify(part["functionResponse"]["response"])] : [],
      ),
  tools: (request) => objects(request["tools"]).flatMap((tool) => names(tool["functionDeclarations"])),
  answer(step, id, model) {
    const part =
      "tool" in step ? { functionCall: { id: `call_${id}`, name: step.tool, args: step.args } } : { text: step.text };
    const candidate = { index: 0, content: { role: "model", parts: [part] }, finishReason: "STOP" };
    const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 10, totalTokenCount: 20 };
    return `data: ${JSON.stringify({ candidates: [candidate], usageMetadata, modelVersion: model, responseId: id })}\n\n`;
  },
};

/** The protocol of a request path, or undefined when it is not a model call. */
export function protocolOf(path: string): Protocol | undefined {
  if (path.endsWith("/v1/messages")) return messages;
  if (path.endsWith("/responses")) return responses;
  if (path.endsWith("/chat/completions")) return chat;
  if (path.endsWith(":streamGenerateContent")) return gemini;
  return undefined;
}
