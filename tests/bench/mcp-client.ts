// A client of MCP servers that costs next to nothing itself: lines out, lines in, one call at a time.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";

/** An open session. */
export interface BenchClient {
  /** Milliseconds from the start to the answer to `tools/list`. */
  readonly startMs: number;
  /** Milliseconds of one call of `echo`. */
  echo(message: string): Promise<number>;
  close(): Promise<void>;
}

/** Starts the server and opens a session with it. */
export async function openBenchClient(
  argv: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<BenchClient> {
  const [command = "", ...args] = argv;
  const began = performance.now();
  const child: ChildProcessWithoutNullStreams = spawn(command, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  let parts: Buffer[] = [];
  let wanted: { readonly mark: string; readonly done: (line: string) => void } | undefined;
  child.stdout.on("data", (chunk: Buffer) => {
    parts.push(chunk);
    if (!chunk.includes(0x0a)) return;
    const text = Buffer.concat(parts).toString();
    parts = [];
    for (const line of text.split("\n")) if (wanted !== undefined && line.includes(wanted.mark)) wanted.done(line);
  });
  let failed = (_: Error): void => undefined;
  child.on("exit", (code) => failed(new Error(`${argv.join(" ")}: exit ${code}: ${said}`)));
  let id = 0;
  const ask = (method: string, params: object): Promise<string> => {
    id += 1;
    const mark = `"id":${id}`;
    return new Promise((done, fail) => {
      failed = fail;
      wanted = { mark, done };
      child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    });
  };
  const clientInfo = { name: "bench", version: "1" };
  await ask("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
  child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
  await ask("tools/list", {});
  const startMs = performance.now() - began;
  return {
    startMs,
    echo: async (message) => {
      const start = performance.now();
      const answer = await ask("tools/call", { name: "echo", arguments: { message } });
      if (!answer.includes(message.slice(0, 20))) throw new Error(`${argv.join(" ")}: ${answer.slice(0, 300)}`);
      return performance.now() - start;
    },
    close: () =>
      new Promise((done) => {
        failed = () => undefined;
        child.on("exit", () => done());
        child.stdin.end();
        setTimeout(() => child.kill(), 2_500).unref();
      }),
  };
}
