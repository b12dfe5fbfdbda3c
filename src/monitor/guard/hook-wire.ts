// What a hook client and a monitor say to each other over a Unix socket; native/hook_talk.c and hook_answer.c speak the same. Pure.
//   client   {"v":1,"agent":"claude-code","cwd":"/w","pid":7}\n, the agent's own bytes, end of writing
//   monitor  wait\n (each second, while a person is asked), then EXIT STDOUT-LENGTH STDERR-LENGTH\n, the bytes, end
import { err, type HookReply, ok, type Problem, type Result } from "#core";

/** Bounds of one exchange, in bytes. The native client has the same ones. */
export const WIRE: { readonly headerMost: number; readonly inputMost: number; readonly answerMost: number } = {
  headerMost: 65_536,
  inputMost: 16_777_216,
  answerMost: 1_048_576,
};

/** Characters of a PATH. A longer one is left out by the client. */
const PATH_MOST = 8_192;

/** Says that the monitor is alive and nothing is decided yet. */
export const WAIT_LINE = "wait\n";

/** Who calls, as the client claims. */
export interface HookCaller {
  /** Word behind `ringfence hook`; not yet known to be an agent. */
  readonly agent: string;
  /** The client's working directory, absolute. */
  readonly cwd: string;
  /** The process that started the client: the agent or its shell. */
  readonly pid: number;
  /** The agent's PATH, for what it runs inside a fence. */
  readonly path?: string;
}

/** One call: who, and the bytes the agent wrote. */
export interface HookCall extends HookCaller {
  readonly input: string;
  /** The client's own process by the kernel's word, where the server can ask; the client lives until it is answered. */
  peer(): Promise<number | undefined>;
}

/** The first line of a call. */
export function headerLine(caller: HookCaller): string {
  const { agent, cwd, pid, path } = caller;
  return `${JSON.stringify({ v: 1, agent, cwd, pid, path })}\n`;
}

/** Reads the first line, without its newline. Total: exactly the known keys, or a Problem. */
export function parseHeader(bytes: Uint8Array): Result<HookCaller, Problem> {
  const bad = (message: string): Result<never, Problem> => err({ code: "hook-header", message });
  const text = utf8(bytes);
  if (text === undefined) return bad("the hook's header is not UTF-8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad("the hook's header is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return bad("the hook's header is no object");
  const { v, agent, cwd, pid, path, ...others } = value as Readonly<Record<string, unknown>>;
  if (v !== 1) return bad("the hook client speaks another version: reinstall the hooks");
  if (Object.keys(others).length > 0) return bad("the hook's header has unknown keys");
  if (typeof agent !== "string" || !/^[a-z][a-z-]{0,31}$/.test(agent)) return bad("the hook's header names no agent");
  if (typeof cwd !== "string" || !cwd.startsWith("/") || cwd.length > 4096 || cwd.includes("\0"))
    return bad("the hook's header has no working directory");
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 0) return bad("the hook's header has no process");
  if (path === undefined) return ok({ agent, cwd, pid });
  if (typeof path !== "string" || path.length > PATH_MOST || path.includes("\0"))
    return bad("the hook's header has no PATH");
  return ok({ agent, cwd, pid, path });
}

/** The agent's bytes as text, or undefined when they are not UTF-8: a byte that was replaced could make another command of it. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A reply as bytes. Throws for one that no client would take: that is a bug of the dialect. */
export function encodeReply(reply: HookReply): Uint8Array {
  const [out, complaint] = [reply.stdout, reply.stderr].map((text) => Buffer.from(text)) as [Buffer, Buffer];
  if (out.length > WIRE.answerMost || complaint.length > WIRE.answerMost) throw new Error("a hook's reply is too long");
  if (reply.exitCode === 2 && complaint.length === 0) throw new Error("a hook's refusal says nothing");
  return Buffer.concat([Buffer.from(`${reply.exitCode} ${out.length} ${complaint.length}\n`), out, complaint]);
}

/** Reads a whole answer, `wait` lines included; undefined for anything that is not exactly one. */
export function parseReply(bytes: Uint8Array): HookReply | undefined {
  let at = 0;
  const wait = Buffer.from(WAIT_LINE);
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  while (all.subarray(at, at + wait.length).equals(wait)) at += wait.length;
  const head = /^([02]) (0|[1-9]\d{0,6}) (0|[1-9]\d{0,6})\n/.exec(all.toString("latin1", at, at + 20));
  if (head === null) return undefined;
  const [line, code, out, complaint] = head as unknown as [string, string, string, string];
  const body = at + line.length;
  const middle = body + Number(out);
  if (middle + Number(complaint) !== all.length || (code === "2" && complaint === "0")) return undefined;
  const [stdout, stderr] = [utf8(all.subarray(body, middle)), utf8(all.subarray(middle))];
  if (stdout === undefined || stderr === undefined) return undefined;
  return { exitCode: code === "2" ? 2 : 0, stdout, stderr };
}
