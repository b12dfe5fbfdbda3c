// Servers that an agent inside asks for. Who asks is what is guarded, so the command is a claim, and the question is only which rights it gets:
//   its own fence   where the policy binds the server's name to exactly this command, and the agent cannot change the files it is made of;
//   the agent's     otherwise: it gets what the agent has, sees what the agent sees, and nothing more.
// Either way the gateway stands outside, and every call is on the agent's record, by the agent's legs and policy.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { err, ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import type { LoadedPolicy } from "#core/policy";
import { insideArgv } from "#core/presets";
import { isInside } from "#core/shell";
import type { Fence } from "#sandbox";
import type { Questions } from "../approvals/questions.ts";
import type { Guard, GuardedSession } from "../guard/guarded-session.ts";
import type { LegBook } from "../guard/leg-book.ts";
import { deniedCommand } from "../prepare/judge-command.ts";
import { readPolicy } from "../prepare/policy-files.ts";
import type { Prepared } from "../prepare/prepare.ts";
import type { RunRequest } from "../request.ts";
import { isBound } from "./bound-command.ts";
import { isConfined } from "./confined.ts";
import { type InsideDoor, openInsideDoor } from "./inside-door.ts";
import type { InsideWish } from "./inside-wire.ts";
import type { McpSession } from "./mcp-session.ts";
import { type ClientEnds, type RunSession, runServer, type ServerRequest, serveClient } from "./run-server.ts";
import type { RunningServer } from "./running-server.ts";
import { serverWords } from "./server-words.ts";

/** The agent's session. */
export interface InsideParts {
  readonly id: string;
  readonly request: RunRequest;
  readonly prepared: Prepared;
  readonly append: Append;
  readonly legs: LegBook;
  readonly guard: () => Guard;
  readonly questions: () => Questions | undefined;
  /** Once it runs. */
  readonly running: Promise<Fence>;
  readonly run: RunSession;
}

/** Opens the door for them. */
export function openInsideServers(parts: InsideParts): Promise<Result<InsideDoor, Problem>> {
  return openInsideDoor(parts.prepared.paths.servers, (wish, ends, stop) => serveInside(parts, wish, { ends, stop }));
}

/** Runs one server for one client inside. */
async function serveInside(
  parts: InsideParts,
  wish: InsideWish,
  { ends, stop }: { readonly ends: ClientEnds; readonly stop: AbortSignal },
): Promise<Result<number, readonly Problem[]>> {
  const { request, prepared } = parts;
  const { root } = prepared.workspace;
  const questions = parts.questions();
  if (questions === undefined) return err([NOT_YET]);
  const { id, append, legs, guard } = parts;
  const { ask, passed } = questions;
  const guarded: GuardedSession = { id, contained: true, append, legs, ask, passed, guard: async () => ok(guard()) };
  const loaded = await readFor(parts, wish);
  if (!loaded.ok) return loaded;
  const session: McpSession = {
    ...{ server: wish.server, ...(wish.client === undefined ? {} : { client: wish.client }) },
    ...{ guarded, policy: loaded.value.policy, root, home: request.caller.home, stateDir: request.stateDir },
    ...{ build: request.installation.build, confined: isConfined(prepared.egressPlan) },
    leaks: prepared.leaks,
    redact: (text) => prepared.leaks.redactor().text(text),
    tell: (line) => (request.terminals.stdin ? undefined : request.progress(line)),
  };
  const isOwn = prepared.shown.kind !== "direct" && isBound(loaded.value, wish.server, wish.argv);
  return isOwn ? inOwnFence(parts, wish, { ends, stop, session }) : inAgentsFence(parts, wish, { ends, stop, session });
}

interface Conversation {
  readonly ends: ClientEnds;
  readonly stop: AbortSignal;
  readonly session: McpSession;
}

/** The policy of this server: what the agent's session was made with is what counts. */
async function readFor(
  { request, prepared }: InsideParts,
  { argv, server, client }: InsideWish,
): Promise<Result<LoadedPolicy, readonly Problem[]>> {
  const { root } = prepared.workspace;
  const gateway = { server, ...(client === undefined ? {} : { client }), declared: {}, serve: () => undefined };
  const words = serverWords({ argv, caller: request.caller, gateway, stateDir: request.stateDir }, { root, cwd: root });
  if (!words.ok) return err([words.error]);
  return readPolicy({
    ...{ workspaceRoot: root, stateDir: request.stateDir, home: request.caller.home, commandLine: request.commandLine },
    ...(request.policyFile === undefined ? {} : { policyFile: request.policyFile }),
    ...(words.value === undefined ? {} : { server: words.value }),
  });
}

/**
 * A session of its own beside the agent's, as `mcp run` makes one. It sees the workspace as the host has it and changes nothing there: the agent's changes
 * wait for the gate, and a server is no way around it. Variables come from the person's environment, never from inside.
 */
async function inOwnFence(
  { request, append, run }: InsideParts,
  { server, client, argv }: InsideWish,
  { ends, stop, session }: Conversation,
): Promise<Result<number, readonly Problem[]>> {
  const { caller, stateDir, installation, policyFile } = request;
  const wanted: ServerRequest = {
    ...{ server, ...(client === undefined ? {} : { client }), argv, caller, stateDir, installation },
    ...(policyFile === undefined ? {} : { policyFile }),
    commandLine: readOnly(request.commandLine, server),
    ...{ cwd: session.root, declared: [], progress: session.tell, ends, stop },
    judgedAs: async (own) => {
      await append({
        type: "exec.start",
        origin: "observed",
        data: { argv: [...argv], fence: own.guarded.id, mcp: server },
      });
      return {
        ...session,
        confined: own.confined,
        leaks: own.leaks,
        refused: own.refused,
        redact: (text) => own.redact(session.redact(text)),
      };
    },
  };
  const answer = await runServer(wanted, run);
  if (answer.kind === "refused") return err(answer.problems);
  return ok(answer.kind === "ended" ? answer.outcome.exitCode : 0);
}

/** A further command of the agent's session, with the gateway at its streams. */
async function inAgentsFence(
  { append, running: fence, prepared, request }: InsideParts,
  wish: InsideWish,
  { ends, stop, session }: Conversation,
): Promise<Result<number, readonly Problem[]>> {
  const { root } = session;
  const cwd = isInside(root, wish.cwd) ? wish.cwd : prepared.plan.cwd;
  const denied = deniedCommand(prepared.policy, { argv: wish.argv, cwd, root, home: session.home });
  if (denied !== undefined) return err([denied]);
  const argv = insideArgv(wish.argv);
  const token = randomBytes(16).toString("hex");
  const further = token.slice(0, 8);
  await append({ type: "exec.start", origin: "observed", data: { argv: [...argv], cwd, further, mcp: wish.server } });
  const streams = { stdinTty: false, stdoutTty: false, stderrTty: false };
  await (await fence).announce(token, { argv, cwd, env: wish.env, streams });
  const child = spawn(request.installation.helper, ["attach", prepared.paths.commands, token], { env: {}, cwd: "/" });
  const exited = new Promise<{ readonly code: number }>((done) => {
    child.once("error", () => done({ code: 125 }));
    child.once("close", (code) => done({ code: code ?? 137 }));
  });
  const running: RunningServer = {
    ...{ session, streams: { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr } },
    fence: { exited, kill: () => void child.kill("SIGKILL"), signal: (number) => void child.kill(number) },
  };
  await serveClient({ argv: wish.argv, cwd, values: wish.env, ends, stop }, running, running.fence.kill);
  const { code } = await exited;
  await append({ type: "exec.exit", origin: "observed", data: { further, code } }).catch(() => undefined); // a log that takes no more has ended the session
  return ok(code);
}

/** The one word of ours: the policy's files may only be stricter. */
function readOnly(commandLine: object, server: string): object {
  const { mcp } = commandLine as { readonly mcp?: { readonly servers?: Readonly<Record<string, object>> } };
  const entry = { ...mcp?.servers?.[server], workspace: "read-only" };
  return { ...commandLine, mcp: { ...mcp, servers: { ...mcp?.servers, [server]: entry } } };
}

const NOT_YET: Problem = {
  code: "session-starting",
  message: "the session is only starting",
  hint: "try again in a moment",
};
