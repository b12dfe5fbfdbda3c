// A client of one stdio server that speaks lines: what it gets is kept, and everything that is no whole message of JSON is a failure.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** One message as it came. */
export interface RawMessage {
  readonly id?: number | string;
  readonly method?: string;
  readonly result?: {
    readonly content?: readonly { readonly text?: string }[];
    readonly isError?: boolean;
    readonly [key: string]: unknown;
  };
  readonly error?: { readonly code: number; readonly message: string };
}

/** Such a client. */
export interface RawClient {
  readonly child: ChildProcess;
  /** Each line that came, in order. */
  readonly lines: string[];
  send(message: object | string): void;
  /** Asks, and waits for the answer of that id. */
  ask(id: number | string, method: string, params?: object): Promise<RawMessage>;
  call(id: number, tool: string): Promise<RawMessage>;
  /** Closes its end, and waits for the exit code. */
  end(): Promise<number | null>;
}

const ANSWER_MS = 30_000;

/** Starts the server and opens a legacy session with it. */
export async function rawClient(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RawClient> {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"], env: { ...process.env, ...env } });
  const lines: string[] = [];
  const waiting = new Map<number | string, (message: RawMessage) => void>();
  createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY }).on("line", (line) => {
    lines.push(line);
    const message = JSON.parse(line) as RawMessage;
    if (message.method === undefined && message.id !== undefined) waiting.get(message.id)?.(message);
  });
  const exited = new Promise<number | null>((done) => child.on("exit", done));
  const send = (message: object | string): void => {
    const text = typeof message === "string" ? message : JSON.stringify({ jsonrpc: "2.0", ...message });
    child.stdin.write(`${text}\n`);
  };
  const client: RawClient = {
    ...{ child, lines, send },
    ask: (id, method, params) =>
      new Promise((done, failed) => {
        const timer = setTimeout(() => failed(new Error(`no answer to ${method} ${id}`)), ANSWER_MS);
        waiting.set(id, (message) => {
          clearTimeout(timer);
          waiting.delete(id);
          done(message);
        });
        send({ id, method, ...(params === undefined ? {} : { params }) });
      }),
    call: (id, tool) => client.ask(id, "tools/call", { name: tool, arguments: {} }),
    end: () => {
      child.stdin.end();
      return exited;
    },
  };
  const clientInfo = { name: "raw", version: "1" };
  await client.ask(0, "initialize", { protocolVersion: "2025-11-25", capabilities: { roots: {} }, clientInfo });
  send({ method: "notifications/initialized" });
  return client;
}
