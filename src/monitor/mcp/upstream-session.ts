// The session of a server that is reached over the network: record, policy, questions and the one way out, and no fence, because nothing of it runs here.
// What it may reach is its own address and what `mcp.servers.NAME.network` opens; its credentials are its own and never its client's.
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { openSessionLog } from "#audit";
import { err, ok, type Problem, type Result } from "#core";
import { PRIVATE_FIELDS } from "#core/log";
import { isOwnAddress } from "#core/net";
import type { ServerWords } from "#core/policy";
import type { NamedSecret } from "#credentials";
import { openEgress, readOutsideProxy, readToolConfig } from "#egress";
import { compileGuard } from "../guard/guard.ts";
import { LegBook } from "../guard/leg-book.ts";
import { policyDigest } from "../guard/policy-watch.ts";
import { secretsOfRun } from "../leaks/run-secrets.ts";
import { closeCredentials, credentialsOf, openCredentials } from "../prepare/credentials.ts";
import { egressPlanOf } from "../prepare/egress-plan.ts";
import { readPolicy } from "../prepare/policy-files.ts";
import { workspaceFolder } from "../prepare/workspace.ts";
import { cannot } from "../refusals.ts";
import type { Refusal, RunRequest } from "../request.ts";
import { sessionPaths } from "../session-folders.ts";
import { newSessionId, type SessionMeta, thisSupervisor, writeMeta } from "../sessions.ts";
import { removeSessionFolders } from "../sweep.ts";
import { connectThrough } from "./dial.ts";
import { openGatewayQuestions } from "./gateway-questions.ts";
import type { McpPeers, McpSession } from "./mcp-session.ts";
import { fieldsFor } from "./own-credentials.ts";

/** What `mcp proxy` asks for. */
export type UpstreamRequest = McpPeers &
  Pick<RunRequest, "cwd" | "caller" | "stateDir" | "installation" | "policyFile" | "commandLine" | "progress"> & {
    /** The server's address. Naming it is the person's word for this one host and port. */
    readonly url: URL;
    /** What the client's own entry gives this server: kept out of record and results like any secret. */
    readonly given?: readonly NamedSecret[];
  };

/** An open one. Whoever opened it closes it. */
export interface UpstreamSession {
  readonly session: McpSession;
  /**
   * A connection to an allowed place: the name judged, looked up once, every address judged, the attempt on record. No TLS is begun. A Problem says
   * which rule refuses, or what would open it.
   */
  dial(to: { readonly host: string; readonly port: number }): Promise<Result<Duplex, Problem>>;
  /** The fields that carry this server's own credentials, by lower-case name; none for a host they do not belong to. Never recorded, never told a client. */
  credentialsFor(to: URL): Promise<Result<Readonly<Record<string, string>>, Problem>>;
  /** Aborted with a Problem once the record takes no more: nothing may happen then. */
  readonly failed: AbortSignal;
  close(data: Readonly<Record<string, number | string>>): Promise<void>;
}

/** Opens it; nothing is dialled yet. */
export async function openUpstreamSession(request: UpstreamRequest): Promise<Result<UpstreamSession, Refusal>> {
  const { caller, stateDir, installation, server } = request;
  const root = workspaceFolder(request.cwd);
  const loaded = await readPolicy({
    ...{
      workspaceRoot: root,
      stateDir,
      home: caller.home,
      commandLine: request.commandLine,
      server: wordsFor(request),
    },
    ...(request.policyFile === undefined ? {} : { policyFile: request.policyFile }),
  });
  if (!loaded.ok) return err({ exitCode: 65, problems: loaded.error });
  const { policy, notBuilt } = loaded.value;
  if (notBuilt.length > 0) return cannot(...notBuilt);
  const started = new Date();
  const id = newSessionId(started, randomBytes(3).toString("hex"));
  const tools = await readToolConfig({ home: caller.home, env: caller.env, written: [] });
  const plan = egressPlanOf(policy, { agent: undefined, tools, server });
  if (!plan.ok) return err({ exitCode: 65, problems: plan.error });
  const guard = compileGuard(policy, { root, home: caller.home, contained: false, reachable: plan.value.allow });
  if (!guard.ok) return err({ exitCode: 65, problems: guard.error });
  const outside = readOutsideProxy(caller.env);
  if (!outside.ok) return cannot(outside.error);
  const run = asRun(request);
  const named = credentialsOf({ request: run, session: id, workspace: root, policy, agent: undefined });
  if (!named.ok) return err({ exitCode: 65, problems: named.error });
  const credentials = await openCredentials(named.value.agent, { request: run, session: id, workspace: root });
  if (!credentials.ok) return cannot(...credentials.error);
  const { broker } = credentials.value;
  const leaks = secretsOfRun({ request: run, policy, broker, planted: request.given ?? [], files: [], lower: root });
  const paths = sessionPaths(stateDir, id);
  const meta = (state: SessionMeta["state"]): SessionMeta => ({
    ...{ id, workspace: root, kind: "uncontained", command: ["mcp", "proxy", server], state, held: 0, masked: [] },
    ...{ startedAt: started.toISOString(), startedMs: started.getTime(), supervisor: thisSupervisor() },
    gate: { denied: [], alsoProtected: [] },
    ...(state === "running" ? {} : { endedAt: new Date().toISOString() }),
  });
  const undo: (() => Promise<unknown>)[] = [() => closeCredentials(broker, { tell: request.progress })];
  const refuse = async (problem: Problem): Promise<Result<never, Refusal>> => {
    for (const step of undo.reverse()) await step();
    return cannot(problem);
  };
  try {
    mkdirSync(paths.dir, { recursive: true, mode: 0o700 });
    writeMeta(stateDir, meta("running"));
  } catch (error) {
    return refuse({
      code: "state-unwritable",
      message: `the state folder cannot be written: ${(error as Error).message}`,
    });
  }
  undo.push(() => removeSessionFolders(paths, installation.helper));
  const log = await openSessionLog({
    ...{ stateDir, session: id, policy: policyDigest(loaded.value), workspace: root },
    open: {
      ...{ version: installation.version, kind: "uncontained", agent: request.client ?? "" },
      mcp: {
        server,
        ...(request.client === undefined ? {} : { client: request.client }),
        upstream: request.url.origin,
      },
      layers: policy.layers.map((layer) => ({ ...layer })),
      network: plan.value.allow.map(({ text }) => text),
      credentials: [...credentials.value.data],
    },
    redact: (body) => leaks.redactor().record(body),
    ...{ privateFields: PRIVATE_FIELDS, maxBytes: policy.sandbox.limits.logBytes },
  });
  if (!log.ok) return refuse(log.error);
  const { append } = log.value;
  undo.push(() => log.value.close({ refused: "not-opened" }));
  const egress = await openEgress({
    ...{ plan: plan.value, socketPath: join(paths.dir, "proxy.sock"), append },
    ...(outside.value === undefined ? {} : { outside: outside.value }),
  });
  if (!egress.ok) return refuse(egress.error);
  const questions = await openGatewayQuestions({ id, request, policy, root, append });
  let closing: Promise<void> | undefined;
  const close = async (data: Readonly<Record<string, number | string>>): Promise<void> => {
    await questions.close();
    await egress.value.close();
    await closeCredentials(broker, { append, tell: request.progress });
    await log.value
      .close(data)
      .catch((error: Error) => request.progress(`the record could not be closed: ${error.message}`));
    writeMeta(stateDir, meta("done"));
    await removeSessionFolders(paths, installation.helper);
  };
  return ok({
    session: {
      server,
      ...(request.client === undefined ? {} : { client: request.client }),
      ...{ confined: false, policy, root, home: caller.home, stateDir, tell: request.progress },
      build: installation.build,
      leaks,
      redact: (text) => leaks.redactor().text(text),
      guarded: {
        ...{ id, contained: false, append, legs: new LegBook(append), ask: questions.ask },
        guard: async () => ok(guard.value()),
      },
    },
    dial: ({ host, port }) => connectThrough(join(paths.dir, "proxy.sock"), host, port),
    credentialsFor: (to) => fieldsFor(broker, to, append),
    failed: log.value.failed,
    close: (data) => (closing ??= close(data)),
  });
}

const LOOPBACK: Readonly<Record<string, readonly string[]>> = { localhost: ["127.0.0.1/32", "::1/128"] };

/** Its address is all it gets by itself: the host by name, and an address that is no public one only where the URL itself says it. */
function wordsFor({ server, url }: UpstreamRequest): ServerWords {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  // What answers at a cloud's metadata address is no MCP server, whoever wrote it: only the policy can mean it.
  const own = isOwnAddress(host) ? [`${host}/${host.includes(":") ? 128 : 32}`] : (LOOPBACK[host] ?? []);
  return {
    ...{ name: server, workspace: "read-only", allowRead: [], because: `the address of the MCP server ${server}` },
    allow: [`${url.hostname}:${port}`],
    allowPrivate: own.map((cidr) => ({ host, cidr, reason: "the server's own address" })),
  };
}

/** What the rest of the monitor wants to know of a run, where nothing is run. */
function asRun(request: UpstreamRequest): RunRequest {
  return {
    ...request,
    argv: [],
    stdio: { stdin: 0, stdout: 1, stderr: 2 },
    terminals: { stdin: false, stdout: false, stderr: false },
    dryRun: false,
  };
}
