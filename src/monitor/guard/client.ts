// The hook client in TypeScript: what native/hook.c does, for a machine where the helper is not built. Every way it can end is an answer or a
// reason to refuse; the caller puts that into the agent's own words.
import { lstatSync } from "node:fs";
import net from "node:net";
import { err, type HookReply, ok, type Result } from "#core";
import { type HookCaller, headerLine, parseReply, WIRE } from "./hook-wire.ts";

/** What the client needs. */
export interface AskMonitorOptions {
  /** `/run/ringfence/agent.sock` inside a fence, else the host's. Absolute. */
  readonly socketPath: string;
  /** User id that the socket and its folder must belong to; the folder may be open to nobody else. */
  readonly uid: number;
  readonly caller: HookCaller;
  /** The agent's bytes, exactly. */
  readonly input: Uint8Array;
}

/** Why there is no answer: a sentence for the person and the model. `nobody` when no monitor listens there. */
export interface NoAnswer {
  readonly reason: string;
  readonly nobody: boolean;
}

const SILENCE_MS = 3_000;

/** Asks the monitor once. Never rejects. */
export async function askMonitor(options: AskMonitorOptions): Promise<Result<HookReply, NoAnswer>> {
  const no = (reason: string, nobody = false): Result<never, NoAnswer> => err({ reason, nobody });
  if (options.input.length > WIRE.inputMost) return no("the event is larger than 16 MiB");
  const stranger = strangerAt(options);
  if (stranger !== undefined) return no(stranger);
  const bytes: Buffer[] = [];
  const socket = net.createConnection({ path: options.socketPath, allowHalfOpen: true });
  const ended = new Promise<string | undefined>((done) => {
    let size = 0;
    socket.on("data", (chunk: Buffer) => {
      size += chunk.length;
      bytes.push(chunk);
      if (size > 3 * WIRE.answerMost) done("the monitor's answer makes no sense");
    });
    socket.once("end", () => done(undefined));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? "the monitor broke off"));
    socket.setTimeout(SILENCE_MS, () => done("the monitor hangs"));
  });
  socket.write(headerLine(options.caller));
  socket.end(options.input);
  const failed = await ended;
  socket.destroy();
  if (failed === "ENOENT" || failed === "ECONNREFUSED") return no("no monitor is there", true);
  // A monitor that has heard enough may break off our writing; its answer is what counts.
  const reply = failed === undefined || failed === "EPIPE" ? parseReply(Buffer.concat(bytes)) : undefined;
  if (reply !== undefined) return ok(reply);
  return no(
    failed ?? (bytes.length === 0 ? "the monitor broke off without an answer" : "the monitor's answer makes no sense"),
  );
}

/** Node cannot ask a socket who its other end is, so the folder has to say it: nobody else may put a socket there. */
function strangerAt({ socketPath, uid }: AskMonitorOptions): string | undefined {
  const folder = lstatSync(socketPath.slice(0, socketPath.lastIndexOf("/")), { throwIfNoEntry: false });
  if (folder === undefined) return undefined; // nobody is there: connecting says so
  if (!folder.isDirectory() || (folder.uid !== uid && folder.uid !== 0))
    return "the state folder belongs to another user";
  return (folder.mode & 0o022) === 0 ? undefined : "the state folder is open to others; `chmod 700` it";
}
