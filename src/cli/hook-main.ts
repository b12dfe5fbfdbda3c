// `ringfence hook AGENT` without the native client, which the launcher prefers where it is built: a bundle of its own (dist/hook.cjs), because it starts
// once a tool call. The same promises: an answer or a refusal, exit code 0 or 2, whatever happens (scripts/start.cjs turns every other code into 2).
import { lstatSync, writeSync } from "node:fs";
import type { HookReply, Result } from "#core";
import { dialectOf } from "#hooks";
import { askMonitor, hostSocket, type NoAnswer } from "#monitor";
import { findStateDir } from "./caller.ts";
import { findInstallation } from "./installation.ts";
import { startHost } from "./start-host.ts";

const INSIDE_SOCKET = "/run/ringfence/agent.sock";
const INPUT_MOST = 16_777_216;
const START_MS = 20_000;
/** What ends a process and can be caught, but for the faults of its own code, after which no code of ours can run. */
const ENDING = [
  ...(["SIGHUP", "SIGINT", "SIGQUIT", "SIGTRAP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGTERM"] as const),
  ...(["SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGIO", "SIGSYS"] as const),
];
const AGAIN_MS = 20;

interface Words {
  readonly agent: string;
  readonly deadlineMs: number;
  readonly stateDir: string;
}

/** Answers one event on standard output, and ends the process. `words` are those behind `hook`. */
async function answerHook(words: readonly string[]): Promise<void> {
  const refuse = (why: string): never => {
    const reason = `ringfence: ${why}`;
    return end(dialectOf(words[0] ?? "")?.refuse(reason) ?? { exitCode: 2, stdout: "", stderr: `${reason}\n` });
  };
  for (const signal of ENDING) process.on(signal, () => refuse("the hook client was ended by a signal"));
  process.on("uncaughtException", (error) => refuse(`the hook client failed: ${error.message}`));
  process.on("unhandledRejection", () => refuse("the hook client failed"));
  const parsed = parseWords(words);
  if (typeof parsed === "string") return refuse(parsed);
  setTimeout(() => refuse("no answer in time"), parsed.deadlineMs);
  const input = await readInput();
  if (typeof input === "string") return refuse(input);
  const answer = await ask(parsed, input);
  if (!answer.ok) return refuse(answer.error.reason);
  end(answer.value);
}

function parseWords(words: readonly string[]): Words | string {
  const [agent, ...options] = words;
  if (agent === undefined || dialectOf(agent) === undefined)
    return "unknown agent; known are claude-code, codex, cursor, copilot, gemini and opencode";
  let deadlineMs = 150_000;
  let stateHome: string | undefined;
  for (let at = 0; at < options.length; at += 2) {
    const value = options[at + 1] ?? "";
    if (options[at] === "--deadline" && /^[1-9]\d{0,3}$/.test(value) && Number(value) <= 3600)
      deadlineMs = Number(value) * 1000;
    else if (options[at] === "--state-home" && value.startsWith("/")) stateHome = value;
    else return "usage: hook AGENT [--deadline SECONDS] [--state-home FOLDER]";
  }
  const stateDir = findStateDir(stateHome === undefined ? process.env : { XDG_STATE_HOME: stateHome });
  return stateDir.ok ? { agent, deadlineMs, stateDir: stateDir.value } : stateDir.error.message;
}

async function readInput(): Promise<Buffer | string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > INPUT_MOST) return "the event is larger than 16 MiB";
    chunks.push(chunk);
  }
  return size === 0 ? "the agent sent no event" : Buffer.concat(chunks);
}

async function ask({ agent, stateDir }: Words, input: Buffer): Promise<Result<HookReply, NoAnswer>> {
  const inside = lstatSync(INSIDE_SOCKET, { throwIfNoEntry: false }) !== undefined;
  const once = (): Promise<Result<HookReply, NoAnswer>> =>
    askMonitor({
      socketPath: inside ? INSIDE_SOCKET : hostSocket(stateDir),
      uid: process.getuid?.() ?? -1,
      caller: { agent, cwd: process.cwd(), pid: process.ppid, ...agentPath(process.env["PATH"]) },
      input,
    });
  const began = performance.now();
  let answer = await once();
  if (inside || answer.ok || !answer.error.nobody) return answer;
  if (!startHost(findInstallation().root, stateDir)) return answer;
  while (!answer.ok && answer.error.nobody && performance.now() - began < START_MS) {
    await new Promise((done) => setTimeout(done, AGAIN_MS));
    answer = await once();
  }
  return answer;
}

/** A PATH that is too long is left out. */
function agentPath(path: string | undefined): { readonly path?: string } {
  return path === undefined || Buffer.byteLength(path) > 8_192 ? {} : { path };
}

/** Everything is written before the code is given; what cannot be written is a refusal. */
function end(reply: HookReply): never {
  try {
    writeAll(1, reply.stdout);
    writeAll(2, reply.stderr);
  } catch {
    process.exit(2);
  }
  process.exit(reply.exitCode);
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

void answerHook(process.argv.slice(3));
