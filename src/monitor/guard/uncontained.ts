// A session that only hooks guard: its policy, its record, and what the first event of it said. There is no fence, and it is shown as
// `uncontained` wherever it is shown (APP-1); everything on its record is claimed by the agent, never observed.
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { openSessionLog } from "#audit";
import { err, type HookEvent, ok, type Problem, type Result } from "#core";
import { type Append, PRIVATE_FIELDS, type RecordBody } from "#core/log";
import type { LoadedPolicy } from "#core/policy";
import { CallBook } from "#core/session";
import { openChannels } from "../approvals/question-channels.ts";
import { agentAbove, openQuestions } from "../approvals/questions.ts";
import { collectSecrets } from "../leaks/session-secrets.ts";
import { type PolicyPlaces, readPolicy } from "../prepare/policy-files.ts";
import { findWorkspace } from "../prepare/workspace.ts";
import type { Caller } from "../request.ts";
import { sessionPaths } from "../session-folders.ts";
import { isAlive, newSessionId, type SessionMeta, thisSupervisor, writeMeta } from "../sessions.ts";
import { removeSessionFolders } from "../sweep.ts";
import { compileGuard, type GuardPlaces } from "./guard.ts";
import type { GuardedSession } from "./guarded-session.ts";
import { handleHook } from "./handle.ts";
import { openHookFence, wantsFence } from "./hook-fence.ts";
import type { HookCall } from "./hook-wire.ts";
import type { HostedSession } from "./hosted-sessions.ts";
import { LegBook } from "./leg-book.ts";
import { type PolicyChange, type PolicyWatch, policyDigest, policyStamp, watchPolicy } from "./policy-watch.ts";
import { legsBefore, rememberSession, sessionBefore } from "./session-thread.ts";

/** What opening one needs. */
export interface UncontainedOptions {
  readonly stateDir: string;
  readonly caller: Caller;
  readonly installation: { readonly root: string; readonly helper: string; readonly version: string };
  /** For tests. */
  readonly managedFile?: string;
}

/** Opens the session of its first event. What cannot be recorded is not opened. */
export async function openUncontained(
  event: HookEvent,
  call: HookCall,
  options: UncontainedOptions,
): Promise<Result<HostedSession, Problem>> {
  const { stateDir, installation } = options;
  const { home } = options.caller;
  const workspace = findWorkspace(event.cwd, { installation: installation.root, stateDir, home });
  if (!workspace.ok) return workspace;
  const { root } = workspace.value;
  const places: PolicyPlaces = {
    workspaceRoot: root,
    stateDir,
    home,
    ...(options.managedFile === undefined ? {} : { managedFile: options.managedFile }),
  };
  const stamp = policyStamp(places);
  const loaded = await readPolicy(places);
  if (!loaded.ok) return err(first(loaded.error));
  if (loaded.value.notBuilt.length > 0) return err(first(loaded.value.notBuilt));

  const agents = agentAbove(await call.peer());
  if (agents === undefined)
    return err({ code: "hook-caller", message: "the hook's client did not wait for its answer" });

  const started = new Date();
  const id = newSessionId(started, randomBytes(3).toString("hex"));
  const meta = (now: Pick<SessionMeta, "state">): SessionMeta => ({
    id,
    workspace: root,
    kind: "uncontained",
    command: [event.agent],
    startedAt: started.toISOString(),
    startedMs: started.getTime(),
    ...(now.state === "running" ? {} : { endedAt: new Date().toISOString() }),
    supervisor: thisSupervisor(),
    masked: [],
    gate: { denied: [], alsoProtected: [] },
    held: 0,
    ...now,
  });
  mkdirSync(sessionPaths(stateDir, id).dir, { recursive: true, mode: 0o700 });
  writeMeta(stateDir, meta({ state: "running" }));
  const end = async (): Promise<void> => {
    writeMeta(stateDir, meta({ state: "done" }));
    await removeSessionFolders(sessionPaths(stateDir, id), installation.helper);
  };

  const before = sessionBefore(stateDir, event);
  // No file is masked and no credential is held: tokens are known by their shape alone.
  const leaks = collectSecrets({
    ...{ files: [], values: () => [], shown: [], placeholders: () => [] },
    notice: () => undefined,
  });
  const log = await openSessionLog({
    stateDir,
    session: id,
    policy: policyDigest(loaded.value),
    workspace: root,
    open: {
      version: installation.version,
      agent: event.agent,
      agentSession: event.agentSession.slice(0, 200),
      kind: "uncontained",
      ...(before === undefined ? {} : { continues: before }),
      layers: loaded.value.policy.layers.map((layer) => ({ ...layer })),
    },
    redact: (body) => leaks.redactor().record(body),
    ...{ privateFields: PRIVATE_FIELDS, maxBytes: loaded.value.policy.sandbox.limits.logBytes },
  });
  if (!log.ok) {
    await end();
    return log;
  }
  const calls = new CallBook();
  const append: Append = (body) => log.value.append(calls.take(body));
  const legs = new LegBook(append);
  try {
    await legs.take(legsBefore(stateDir, before), loaded.value.policy.legs);
    rememberSession(stateDir, event, id);
  } catch (error) {
    await log.value.close({ why: "ended" });
    await end();
    throw error;
  }
  const policy = watchPolicy({
    places,
    first: { stamp, loaded: loaded.value },
    onChange: async (change) => {
      await append(changeRecord(change));
      await fence.renew(change.loaded.policy);
    },
  });
  // The agent owns its terminal, so nothing is drawn there: a person answers in another one, before the hook's time is over or after it, when
  // the agent tries again. What is told here nobody reads; the refusal itself says what to type.
  const questions = await openQuestions({
    ...{ session: id, contained: false, root, home, stateDir, helper: installation.helper, append },
    policy: () => policy.last,
    channels: openChannels(loaded.value.policy.approvals.channels, { secret: (name) => options.caller.env[name] })
      .channels,
    agentPids: agents.map(({ pid }) => pid),
    tell: () => undefined,
  });
  const fence = openHookFence({
    request: { cwd: root, caller: callerOf(options.caller, call), stateDir, installation, commandLine: {} },
    append,
    policy: () => policy.last,
  });
  const session: GuardedSession = {
    id,
    contained: false,
    append,
    guard: guardBy(policy, { root, home, contained: false, reachable: [] }),
    legs,
    ask: questions.ask,
    get fenced() {
      return wantsFence(policy.last) ? fence.command : undefined;
    },
  };
  return ok({
    get isInUse(): boolean {
      const agent = agents.at(-1);
      return fence.isOpen && agent !== undefined && isAlive({ pid: agent.pid, startTicks: String(agent.startTicks) });
    },
    handle: (event, signal) => handleHook(event, session, signal),
    close: async (why) => {
      try {
        await Promise.all([questions.close(), fence.close()]);
        await log.value.close({ why });
      } finally {
        await end();
      }
    },
  });
}

/** The person, with the PATH of their agent: what they have installed is found inside the fence, too. */
function callerOf(caller: Caller, { path }: HookCall): Caller {
  return path === undefined ? caller : { ...caller, env: { ...caller.env, PATH: path } };
}

/** Compiles the policy again only when it has changed. */
function guardBy(policy: PolicyWatch, places: GuardPlaces): GuardedSession["guard"] {
  let compiled: { readonly from: LoadedPolicy; readonly guard: ReturnType<typeof compileGuard> } | undefined;
  return async () => {
    const now = await policy.current();
    if (!now.ok) return now;
    if (compiled?.from !== now.value) compiled = { from: now.value, guard: compileGuard(now.value.policy, places) };
    return compiled.guard.ok ? ok(compiled.guard.value()) : compiled.guard;
  };
}

function changeRecord({ before, after, loaded }: PolicyChange): RecordBody {
  const layers = loaded.policy.layers.map((layer) => ({ ...layer }));
  return { type: "policy.change", origin: "observed", data: { before, after, layers } };
}

/** A hook answers in one line: the first problem, and how many more there are. */
function first(problems: readonly Problem[]): Problem {
  const [problem, ...more] = problems;
  if (problem === undefined) throw new Error("a refusal without a problem");
  return more.length === 0 ? problem : { ...problem, message: `${problem.message} (and ${more.length} more)` };
}
