// Everything that must be known and made before anything runs: what is decided, what the agent will see, the keys it gets, and the plan of its fence.
// Every way it can fail is a Problem with an exit code: 126 the policy says no, 125 it cannot be done here.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ok, type Problem, type Result } from "#core";
import type { Json } from "#core/log";
import type { EgressPlan } from "#core/net";
import type { Policy } from "#core/policy";
import { proxyPort, type SandboxPlan, turnedPlan } from "#core/sandbox";
import type { LimitHolder } from "#core/session";
import { forTerminal } from "#core/text";
import { type Inspection, proxyEnvironment } from "#egress";
import { type Cgroup, type Lookout, openCgroup, type SecretSearch } from "#sandbox";
import { policyDigest } from "../guard/policy-watch.ts";
import type { SessionSecrets } from "../leaks/session-secrets.ts";
import { limitHolders } from "../limits/held-by.ts";
import { exposedLines } from "../mcp/declared.ts";
import { cannot } from "../refusals.ts";
import type { Refusal, RunRequest } from "../request.ts";
import { type SessionPaths, sessionPaths } from "../session-folders.ts";
import { makeSessionFolders, type SessionMeta } from "../sessions.ts";
import { hasSetup, type PreparedSetup, planSetup } from "../setup/setup-plan.ts";
import { removeSessionFolders } from "../sweep.ts";
import { closeCredentials, openCredentials, type RunCredentials } from "./credentials.ts";
import { type Decided, decideRun } from "./decide.ts";
import type { egressPlanOf } from "./egress-plan.ts";
import { type KeyParts, type Keys, planKeys } from "./keys.ts";
import { openData } from "./open-data.ts";
import { type PlannedRun, type PlanParts, planRun } from "./plan.ts";
import { projectName } from "./project.ts";
import { type ChosenRuntime, unfitFor } from "./runtime.ts";
import { beginSecretHunt, type SecretHunt } from "./secret-search.ts";
import type { ShownWorkspace } from "./shown-workspace.ts";
import { showToAgent } from "./sight.ts";
import type { SshLogins } from "./ssh-logins.ts";
import { findServerWorkspace, findWorkspace, type Workspace } from "./workspace.ts";

/** A run that can start. The caller owns the cgroup, the folders and the lookout. */
export interface Prepared {
  readonly workspace: Workspace;
  /** How the workspace is shown, as the session's metadata says it. */
  readonly shown: Pick<SessionMeta, "kind" | "copy" | "repository"> & Pick<ShownWorkspace, "kind">;
  readonly policy: Policy;
  /** Names the policy in force. */
  readonly policyDigest: string;
  readonly plan: SandboxPlan;
  /** What runs before it. */
  readonly setup?: PreparedSetup;
  readonly runtime: ChosenRuntime;
  readonly egressPlan: EgressPlan;
  /** The same for a policy that changed meanwhile. */
  readonly egressOf: (policy: Policy) => ReturnType<typeof egressPlanOf>;
  /** What reads TLS, where anything does; the fence trusts it. */
  readonly inspection?: Inspection;
  /** Fetched; the caller gives them back. */
  readonly credentials: RunCredentials;
  readonly ssh: SshLogins | undefined;
  /** What is looked for in what leaves. */
  readonly leaks: SessionSecrets;
  readonly bridgeSocket: string;
  readonly paths: SessionPaths;
  readonly cgroup: Cgroup | undefined;
  /** What holds each limit here. */
  readonly limits: readonly LimitHolder[];
  readonly exposed: readonly string[];
  readonly unwritable: readonly string[];
  /** Paths of git's own that are other inside than outside: no change of the session. */
  readonly untouchable: readonly string[];
  /** What makes a file a secret here, for those that come later. */
  readonly secrets: {
    readonly search: SecretSearch;
    readonly blobs: readonly string[];
    /** Object stores that were looked through, absolute. */
    readonly stores: readonly string[];
    /** What each masked file was when it was found, whatever it is called since. */
    readonly identities: ReadonlyMap<string, string>;
    /** Watches the workspace since before it was searched; the caller closes it. */
    readonly lookout: Lookout;
  };
  /** A known agent's own settings in the workspace, lower case. */
  readonly alsoProtected: readonly string[];
  readonly untrusted: readonly string[];
  readonly notices: readonly string[];
  /** The fields of `session.open`. */
  readonly openData: { readonly [key: string]: Json };
}

/** Prepares it. On failure nothing is left behind but empty cache folders. */
export async function prepare(request: RunRequest, session: string): Promise<Result<Prepared, Refusal>> {
  const { installation, stateDir } = request;
  const places = { installation: installation.root, stateDir, home: request.caller.home };
  const workspace = (request.gateway === undefined ? findWorkspace : findServerWorkspace)(request.cwd, places);
  if (!workspace.ok) return cannot(workspace.error);
  const hunt = beginSecretHunt(installation.helper, workspace.value.root);
  const fetched: RunCredentials[] = [];
  const prepared = await prepareAll({ request, session, workspace: workspace.value, hunt, fetched });
  if (prepared.ok) return prepared;
  hunt.close();
  for (const { broker } of fetched) await closeCredentials(broker, { tell: request.progress });
  await removeSessionFolders(sessionPaths(stateDir, session), installation.helper);
  return prepared;
}

async function prepareAll(parts: {
  readonly request: RunRequest;
  readonly session: string;
  readonly workspace: Workspace;
  readonly hunt: SecretHunt;
  /** What was fetched by the time something failed. */
  readonly fetched: RunCredentials[];
}): Promise<Result<Prepared, Refusal>> {
  const { request, session, workspace, hunt, fetched } = parts;
  const { stateDir } = request;
  const decision = await decideRun(request, workspace);
  if (!decision.ok) return decision;
  const decided = decision.value;
  const { agent, egressPlan, policy, runtime, walls } = decided;

  const paths = sessionPaths(stateDir, session);
  try {
    makeSessionFolders(paths);
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    return cannot(stateUnwritable(stateDir, cause));
  }
  const seen = await showToAgent({ request, session, workspace, decided, paths, hunt });
  if (!seen.ok) return cannot(seen.error);
  const sight = seen.value;
  const onFetched = (credentials: RunCredentials): void => void fetched.push(credentials);
  const planned = await planKeys({ request, session, workspace, decided, paths, sight, onFetched });
  if (!planned.ok) return planned;
  const keys = planned.value;

  const { memoryBytes, pids, cpus } = policy.sandbox.limits;
  const opened = openCgroup(session, { memoryBytes, pids, cpus });
  const cgroup = "reason" in opened ? undefined : opened;
  const run = partsOfPlan({ request, session, workspace, decided, paths, sight, keys, cgroup });
  const plans = await planAll(run, { decided, keys, onFetched });
  if (!plans.ok) {
    cgroup?.close();
    return plans;
  }
  const { plan, setup } = plans.value;
  tellBefore(request, decided, { root: workspace.root, exposed: plan.exposed });
  const exposed = [...new Set([...plan.exposed, ...(setup?.exposed ?? [])]), ...sight.exposed];
  const { kind, copy, notices, repository } = sight.shown;
  const limits = limitHolders(policy.sandbox.limits, cgroup);
  const { inspection } = keys.inspected;
  return ok({
    workspace,
    shown: {
      kind,
      ...(copy === undefined ? {} : { copy }),
      ...(repository === undefined ? {} : { repository }),
    },
    ...{ policy, policyDigest: policyDigest(decided.loaded), plan: plan.plan, runtime },
    ...(setup === undefined ? {} : { setup }),
    ...{ egressPlan, egressOf: decided.egressOf },
    ...(inspection === undefined ? {} : { inspection }),
    ...{ credentials: keys.credentials, ssh: keys.ssh, leaks: keys.leaks },
    ...{ bridgeSocket: run.network.bridge.socketPath, paths, cgroup, limits, exposed, unwritable: walls.unwritable },
    alsoProtected: (agent?.protectedSettings ?? []).map((name) => name.toLowerCase()),
    untrusted: decided.loaded.dropped
      .filter((entry) => entry.because === "not-accepted")
      .map((entry) => `${entry.at.file}:${entry.at.line} ${entry.key}`),
    // What an earlier session's masks left in its layer is no deletion of this one.
    untouchable: [...sight.gitView.untouchable, ...(sight.from?.of.masked ?? [])],
    secrets: {
      ...{ search: sight.search, blobs: sight.gitView.blobs, stores: sight.stores, identities: sight.identities },
      lookout: hunt.lookout,
    },
    notices: [...(egressPlan.mode === "report" ? [REPORTS] : []), ...notices, ...sight.gitView.notices],
    openData: openData({ request, root: workspace.root, decided, sight, keys, exposed, limits }),
  });
}

/** Everything that the plan is made from, once it is known. */
function partsOfPlan(
  known: Omit<KeyParts, "onFetched"> & { readonly keys: Keys; readonly cgroup: Cgroup | undefined },
): PlanParts {
  const { request, session, workspace, decided, paths, sight, keys, cgroup } = known;
  const { agent, egressPlan, policy, server, tools, walls } = decided;
  const { canaries, credentials, inspected, ssh } = keys;
  const port = proxyPort(policy.sandbox.ports);
  return {
    ...{ request, session, workspace, policy, agent, paths, shown: sight.shown },
    ...{ masked: sight.masked, objects: sight.gitView.objects, unwritable: walls.unwritable },
    ...{ placeholders: credentials.env, standins: credentials.broker?.issued ?? [], ssh },
    network: {
      env: { ...proxyEnvironment(port, tools), ...inspected.env },
      files: [...tools.files, ...canaries.files],
      mounts: inspected.mounts,
      // Also where nothing is allowed: only a proxy can say in words what is refused, and put every attempt on record.
      bridge: { port, socketPath: join(paths.dir, "proxy.sock"), turned: turnedPlan(egressPlan) },
    },
    ...(server === undefined ? {} : { cachesOf: `mcp-${projectName(server)}` }),
    byCgroup: cgroup?.holds ?? { memory: false, pids: false, cpu: false },
  };
}

/** The plan of the agent and of its setup, which the runtime must be able to carry out. */
async function planAll(
  run: PlanParts,
  { decided, keys, onFetched }: { readonly decided: Decided; readonly keys: Keys } & Pick<KeyParts, "onFetched">,
): Promise<Result<{ readonly plan: PlannedRun; readonly setup: PreparedSetup | undefined }, Refusal>> {
  const { request, session, workspace, policy } = run;
  const { runtime, tools, walls } = decided;
  const plan = planRun(run);
  const credentials = await openCredentials(hasSetup(policy, request) ? keys.ofSetup : [], {
    ...{ request, session, workspace: workspace.root },
  });
  if (!credentials.ok) return cannot(...credentials.error);
  onFetched(credentials.value);
  const setup = planSetup({ run, tools, credentials: credentials.value, unreachable: walls.unreachable });
  if (!setup.ok) return setup;
  if (!plan.ok) return cannot(plan.error);
  const unfit = unfitFor(plan.value.plan, runtime);
  return unfit === undefined ? ok({ plan: plan.value, setup: setup.value }) : cannot(unfit);
}

/** What the person is told before it starts. */
function tellBefore(
  { gateway, hooks, progress }: RunRequest,
  { agent, egressPlan, runtime }: Decided,
  { exposed, root }: { readonly exposed: readonly string[]; readonly root: string },
): void {
  if (runtime.notice !== undefined) progress(forTerminal(runtime.notice));
  if (egressPlan.mode === "report") progress(REPORTS);
  const off = agent === undefined ? undefined : hooks?.offBy(agent.name, root);
  if (off !== undefined) progress(`${forTerminal(off)}: the walls hold, but its calls are not judged`);
  for (const line of exposedLines(gateway, exposed)) progress(line);
}

/** Weaker protection says its name wherever the session is shown (I15). */
const REPORTS =
  "network mode report: public names that no rule allows are reached and only put on record (`ringfence policy learn SESSION` proposes rules)";

/** The state folder takes no more: a wrong owner, a full disk. */
export function stateUnwritable(stateDir: string, cause: unknown): Problem {
  return {
    code: "state-unwritable",
    message: `Ringfence's state folder \`${stateDir}\` cannot be written (${(cause as Error).message})`,
    hint: isFull(cause)
      ? "free some space there, or set XDG_STATE_HOME to a disk that has some"
      : "make it writable, or set XDG_STATE_HOME to a folder of yours on a local disk",
  };
}

function isFull(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOSPC";
}
