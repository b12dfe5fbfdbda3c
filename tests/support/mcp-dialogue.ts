// A plain MCP client over stdio: one message a line, each answer awaited by its id. For tests that want to see exactly what a client sees.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** An answer as it came. */
export interface Answer {
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A server that was started. */
export interface Talk {
  ask(method: string, params?: object): Promise<Answer>;
  /** Everything on its standard error so far. */
  said(): string;
  /** Closes its input and waits for its end. */
  end(): Promise<number | null>;
}

/** Starts a server and opens the session with it. */
export async function talk(
  argv: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<Talk> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
  const waiting = new Map<number, (answer: Answer) => void>();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const over = new Promise<number | null>((done) => child.on("close", done));
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, ...answer } = JSON.parse(line) as Answer & { readonly id?: number };
    if (id !== undefined) waiting.get(id)?.(answer);
  });
  let last = 0;
  const send = (message: object): void => void child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const ask = async (method: string, params?: object): Promise<Answer> => {
    const id = ++last;
    const answer = new Promise<Answer>((done) => waiting.set(id, done));
    send({ id, method, ...(params === undefined ? {} : { params }) });
    const ended = over.then((code): never => {
      throw new Error(`it ended with ${code} before it answered ${method}: ${stderr}`);
    });
    return Promise.race([answer, ended]);
  };
  child.stdin.on("error", () => undefined);
  await ask("initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  });
  send({ method: "notifications/initialized" });
  return {
    ask,
    said: () => stderr,
    end: () => {
      child.stdin.end();
      return over;
    },
  };
}
