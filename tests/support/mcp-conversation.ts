// A whole conversation with a stdio MCP server: a legacy session is opened, tools are called one after another, and what each was answered is kept.
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";

/** One call of a tool. */
export interface ToolCall {
  readonly tool: string;
  readonly arguments?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly id?: number;
  readonly result?: { readonly content?: readonly { readonly text: string }[] };
  readonly error?: { readonly message: string };
}

/** The text of each call's answer; fewer where the server ended before. Its input stays open. */
export async function converse(child: ChildProcess, calls: readonly ToolCall[]): Promise<readonly string[]> {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("a child without pipes");
  stdin.on("error", () => undefined); // it has ended
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const send = (message: object): void => void stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const ask = async (id: number, method: string, params: object): Promise<Answer | undefined> => {
    send({ id, method, params });
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      const message = JSON.parse(line.value) as Answer;
      if (message.id === id) return message;
    }
    return undefined;
  };
  const clientInfo = { name: "conversation", version: "1" };
  await ask(0, "initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo });
  send({ method: "notifications/initialized" });
  const texts: string[] = [];
  for (const [at, call] of calls.entries()) {
    const answer = await ask(at + 1, "tools/call", { name: call.tool, arguments: call.arguments ?? {} });
    if (answer === undefined) break;
    texts.push(answer.result?.content?.[0]?.text ?? `error: ${answer.error?.message}`);
  }
  return texts;
}
