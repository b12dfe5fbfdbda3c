// A whole conversation with a stdio MCP server as text: what a client says until it ends, and what it was answered.

/** One call of a tool. */
export interface TalkCall {
  readonly tool: string;
  readonly arguments?: Readonly<Record<string, string>>;
}

/** Lines of a client that opens a session and makes these calls. */
export function talk(calls: readonly TalkCall[]): string {
  const clientInfo = { name: "talk", version: "1" };
  const messages = [
    { id: 0, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo } },
    { method: "notifications/initialized" },
    ...calls.map((call, at) => ({
      id: at + 1,
      method: "tools/call",
      params: { name: call.tool, arguments: call.arguments ?? {} },
    })),
  ];
  return messages.map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`).join("");
}

/** The text of each call's answer, in the order of the calls; what is missing was not answered. */
export function answers(output: string): readonly string[] {
  const texts: string[] = [];
  for (const line of output.split("\n").filter((one) => one !== "")) {
    const { id, result, error } = JSON.parse(line) as {
      readonly id?: number;
      readonly result?: { readonly content?: readonly { readonly text: string }[] };
      readonly error?: { readonly message: string };
    };
    if (typeof id === "number" && id > 0) texts[id - 1] = result?.content?.[0]?.text ?? `error: ${error?.message}`;
  }
  return texts;
}
