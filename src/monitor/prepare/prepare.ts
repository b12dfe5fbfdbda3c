// Everything that must be known and made before anything runs: workspace, policy, network plan, masks, cgroup, plan.
// Every way it can fail is a Problem with an exit code: 126 the policy says no, 125 it cannot be done here.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { Json } from "#core/log";
import type { EgressPlan } from "#core/net";
import { compileDenies } from "#core/paths";
import { type Policy, sessionMode } from "#core/policy";
import { agentFor } from "#core/presets";
import { proxyPort, type SandboxPlan, turnedPlan } from "#core/sandbox";
import type { LimitHolder } from "#core/session";
import { forTerminal } from "#core/text";
import { type Inspection, proxyEnvironment, readToolConfig } from "#egress";
import { type Cgroup, identityOf, type Lookout, openCgroup, type SecretSearch } from "#sandbox";
import { policyDigest } from "../guard/policy-watch.ts";
import { NO_CANARIES, plantCanaries } from "../leaks/canaries.ts";
import { secretsOfRun } from "../leaks/run-secrets.ts";
import type { SessionSecrets } from "../leaks/session-secrets.ts";
import { startFromNamed } from "../lifecycle/restore.ts";
import { limitHolders } from "../limits/held-by.ts";
import { otherCommand } from "../mcp/bound-command.ts";
import { exposedLines, heldByBroker } from "../mcp/declared.ts";
import { mcpData } from "../mcp/running-server.ts";
import { serverWords } from "../mcp/server-words.ts";
import type { Refusal, RunRequest } from "../request.ts";
import { type SessionPaths, sessionPaths } from "../session-folders.ts";
import { makeSessionFolders, type SessionMeta } from "../sessions.ts";
import { hasSetup, type PreparedSetup, planSetup } from "../setup/setup-plan.ts";
import { removeSessionFolders } from "../sweep.ts";
import { closeCredentials, credentialsOf, openCredentials, type RunCredentials } from "./credentials.ts";
import { egressPlanOf } from "./egress-plan.ts";
import { planGitView } from "./git-view.ts";
import { planInspection } from "./inspection.ts";
import { deniedCommand } from "./judge-command.ts";
import { type PlanParts, planRun } from "./plan.ts";
import { readPolicy } from "./policy-files.ts";
import { projectName } from "./project.ts";
import { type ChosenRuntime, runtimeFor, unfitFor } from "./runtime.ts";
import { beginSecretHunt, type SecretHunt } from "./secret-search.ts";
import { type ShownWorkspace, showWorkspace } from "./shown-workspace.ts";
import { planSshLogins, type SshLogins } from "./ssh-logins.ts";
import { wallsOf } from "./walls.ts";
import { findServerWorkspace, findWorkspace, type Workspace } from "./workspace.ts";
import { writtenFolders } from "./written.ts";

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
  if (!workspace.ok) return err({ exitCode: 125, problems: [workspace.error] });
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
  const { caller, stateDir } = request;
  const cannot = (...problems: readonly Problem[]): Result<never, Refusal> => err({ exitCode: 125, problems });
  const { root } = workspace;
  const server = serverWords(request, workspace);
  if (!server.ok) return cannot(server.error);
  const loaded = await readPolicy({
    ...(server.value === undefined ? {} : { server: server.value }),
    workspaceRoot: root,
    stateDir,
    home: caller.home,
    commandLine: request.commandLine,
    ...(request.policyFile === undefined ? {} : { policyFile: request.policyFile }),
  });
  if (!loaded.ok) return err(badInput(loaded.error));
  const { notBuilt } = loaded.value;
  const other = otherCommand(loaded.value, request);
  if (other !== undefined) return err({ exitCode: 126, problems: [other] });
  const policy = request.gateway === undefined ? loaded.value.policy : heldByBroker(loaded.value.policy);
  if (notBuilt.length > 0) return cannot(...notBuilt);
  // By its name it has no walls, and `run` is the walls (I15). It is for agents that only their hooks guard.
  if (policy.sandbox.mode === "danger-full-access") {
    return cannot({
      code: "no-walls",
      message: "`sandbox.mode: danger-full-access` has no fence, and `ringfence run` always makes one",
      hint: "leave it out here; an agent outside a fence is guarded by `ringfence install AGENT`",
    });
  }
  const mode = sessionMode(policy.permissions, policy.permissions.mode, {
    asRoot: caller.uid === 0,
    isolated: true,
  });
  if (!mode.ok) return err({ exitCode: 126, problems: [mode.error] });

  const denied = deniedCommand(policy, { argv: request.argv, cwd: workspace.cwd, root, home: caller.home });
  if (denied !== undefined) return err({ exitCode: 126, problems: [denied] });

  const runtime = await runtimeFor(policy, { stateDir, helper: request.installation.helper });
  if (!runtime.ok) return cannot(runtime.error);

  const walls = wallsOf(policy);
  const agent = request.gateway === undefined ? agentFor(request.argv) : undefined;
  const written = writtenFolders(policy.sandbox.filesystem.allowWrite, { root, home: caller.home });
  const tools = await readToolConfig({ home: caller.home, env: caller.env, written });
  const egressOf = (changed: Policy): ReturnType<typeof egressPlanOf> =>
    egressPlanOf(changed, { agent, tools, server: request.gateway?.server });
  const egress = egressOf(policy);
  if (!egress.ok) return err(badInput(egress.error));
  const egressPlan = egress.value;

  const paths = sessionPaths(stateDir, session);
  try {
    makeSessionFolders(paths);
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    return cannot(stateUnwritable(stateDir, cause));
  }
  const shown = await showWorkspace({ request, session, workspace, policy, paths });
  if (!shown.ok) return cannot(shown.error);
  const from = await startFromNamed(request, { paths, workspace: root, kind: shown.value.kind });
  if (!from.ok) return cannot(from.error);
  const { lower } = shown.value;
  const hidden = compileDenies(walls.unreadable, { root, home: caller.home });
  const shownTexts = policy.sandbox.filesystem.showSecrets.map(({ text }) => text);
  const isShown = compileDenies(shownTexts, { root, home: caller.home });
  const search = { isShown, ...(walls.unreadable.length === 0 ? {} : { alsoMasked: hidden }) };
  const hunted = await hunt.judge(lower, search);
  if (!hunted.ok) return cannot(hunted.error);
  const secrets = hunted.value;
  const identities = new Map(
    secrets.paths.flatMap((path) => {
      const identity = identityOf(path);
      return identity === undefined ? [] : [[path, identity] as const];
    }),
  );
  const masked = secrets.paths.map((path) => `${root}${path.slice(lower.length)}`);
  const gitView = await planGitView({
    ...{ request, root, paths, shown: shown.value, maskedFiles: secrets.paths },
    repositories: secrets.repositories.filter((path) => !isShown(path.slice(lower.length + 1))),
    rules: search,
    rulesText: JSON.stringify([walls.unreadable, shownTexts]),
  });
  if (!gitView.ok) return cannot(gitView.error);
  const named = credentialsOf({ request, session, workspace: root, policy, agent });
  if (!named.ok) return err(badInput(named.error));
  const credentials = await openCredentials(named.value.agent, { request, session, workspace: root });
  if (!credentials.ok) return cannot(...credentials.error);
  fetched.push(credentials.value);
  const { broker } = credentials.value;
  const canaries = policy.sandbox.canaries === "on" ? plantCanaries(caller.home) : NO_CANARIES;
  const leaks = secretsOfRun({
    ...{ request, policy, broker, planted: canaries.secrets },
    ...{ files: [...identities.keys()], lower },
  });
  const inspected = await planInspection({
    ...{ request, session, written, paths, tools, plan: egressPlan },
    setupRules: [...(policy.setup.network.allow ?? []), ...policy.setup.network.deny],
    hasCredentials: named.value.agent.length + named.value.setup.length > 0,
    hasSecrets: leaks.hasAny,
  });
  if (!inspected.ok) return cannot(inspected.error);
  const ssh = planSshLogins(policy, request, { phase: "agent", folder: paths.dir });
  if (!ssh.ok) return cannot(ssh.error);
  const { memoryBytes, pids, cpus } = policy.sandbox.limits;
  const cgroup = openCgroup(session, { memoryBytes, pids, cpus });
  const limited = "reason" in cgroup ? undefined : cgroup;
  // Also where nothing is allowed: only a proxy can say in words what is refused, and put every attempt on record.
  const bridgeSocket = join(paths.dir, "proxy.sock");
  const port = proxyPort(policy.sandbox.ports);
  const run: PlanParts = {
    request,
    session,
    workspace,
    policy,
    agent,
    paths,
    shown: shown.value,
    masked,
    objects: gitView.value.objects,
    unwritable: walls.unwritable,
    placeholders: credentials.value.env,
    standins: credentials.value.broker?.issued ?? [],
    ssh: ssh.value,
    network: {
      env: { ...proxyEnvironment(port, tools), ...inspected.value.env },
      files: [...tools.files, ...canaries.files],
      mounts: inspected.value.mounts,
      bridge: {
        ...{ port, socketPath: bridgeSocket },
        turned: turnedPlan(egressPlan),
      },
    },
    ...(server.value === undefined ? {} : { cachesOf: `mcp-${projectName(server.value.name)}` }),
    byCgroup: limited?.holds ?? { memory: false, pids: false, cpu: false },
  };
  const planned = planRun(run);
  const ofSetup = await openCredentials(hasSetup(policy, request) ? named.value.setup : [], {
    ...{ request, session, workspace: root },
  });
  if (ofSetup.ok) fetched.push(ofSetup.value);
  const setup = ofSetup.ok
    ? planSetup({ run, tools, credentials: ofSetup.value, unreachable: walls.unreachable })
    : err({ exitCode: 125, problems: ofSetup.error });
  if (!setup.ok) {
    limited?.close();
    return setup;
  }
  const problem = planned.ok ? unfitFor(planned.value.plan, runtime.value) : planned.error;
  if (!planned.ok || problem !== undefined) {
    limited?.close();
    return cannot(...(problem === undefined ? [] : [problem]));
  }
  if (runtime.value.notice !== undefined) request.progress(forTerminal(runtime.value.notice));
  if (egressPlan.mode === "report") request.progress(REPORTS);
  const off = agent === undefined ? undefined : request.hooks?.offBy(agent.name, root);
  if (off !== undefined) request.progress(`${forTerminal(off)}: the walls hold, but its calls are not judged`);
  const history = secrets.repositories.filter((path) => isShown(path.slice(lower.length + 1)));
  const exposed = [
    ...new Set([...planned.value.exposed, ...(setup.value?.exposed ?? [])]),
    ...[...secrets.shown, ...history].map((path) => path.slice(lower.length + 1)),
  ];
  for (const line of exposedLines(request.gateway, planned.value.exposed)) request.progress(line);
  const { kind, copy, repository } = shown.value;
  const limits = limitHolders(policy.sandbox.limits, limited);
  return ok({
    workspace,
    shown: {
      kind,
      ...(copy === undefined ? {} : { copy }),
      ...(repository === undefined ? {} : { repository }),
    },
    policy,
    policyDigest: policyDigest(loaded.value),
    plan: planned.value.plan,
    ...(setup.value === undefined ? {} : { setup: setup.value }),
    runtime: runtime.value,
    egressPlan,
    egressOf,
    ...(inspected.value.inspection === undefined ? {} : { inspection: inspected.value.inspection }),
    credentials: credentials.value,
    ssh: ssh.value,
    leaks,
    bridgeSocket,
    paths,
    cgroup: limited,
    limits,
    exposed,
    unwritable: walls.unwritable,
    alsoProtected: (agent?.protectedSettings ?? []).map((name) => name.toLowerCase()),
    untrusted: loaded.value.dropped
      .filter((entry) => entry.because === "not-accepted")
      .map((entry) => `${entry.at.file}:${entry.at.line} ${entry.key}`),
    // What an earlier session's masks left in its layer is no deletion of this one.
    untouchable: [...gitView.value.untouchable, ...(from.value?.of.masked ?? [])],
    secrets: {
      search,
      blobs: gitView.value.blobs,
      stores: secrets.repositories.map((path) => join(path, "objects")),
      identities,
      lookout: hunt.lookout,
    },
    notices: [...(egressPlan.mode === "report" ? [REPORTS] : []), ...shown.value.notices, ...gitView.value.notices],
    openData: {
      version: request.installation.version,
      ...(from.value === undefined ? {} : { from: request.from ?? "", digests: { ...from.value.parts } }),
      agent: agent?.name ?? "",
      kind: shown.value.kind,
      runtime: { ...runtime.value.shown },
      ...(copy === undefined ? {} : { commit: copy.commit }),
      ...(request.keeper === undefined || request.gateway !== undefined ? {} : { kept: true }),
      ...mcpData(request.gateway),
      layers: loaded.value.policy.layers.map((layer) => ({ ...layer })),
      network: [...new Set(egressPlan.allow.map((rule) => rule.text))],
      ...(inspected.value.inspection === undefined ? {} : { inspection: inspected.value.inspection.told }),
      ...(egressPlan.mode === "report" ? { networkMode: egressPlan.mode } : {}),
      exposed: [...exposed],
      credentials: [...credentials.value.data, ...(ssh.value?.data ?? [])],
      ...(canaries.files.length === 0 ? {} : { canaries: canaries.files.map(({ target }) => target) }),
      masked: masked.map((path) => path.slice(root.length + 1)),
      maskedBlobs: gitView.value.blobs.length,
      limits: Object.fromEntries(limits.map(({ limit, by }) => [limit, by])),
    },
  });
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

/** What was typed is usage; what stands in a file is that file's. */
function badInput(problems: readonly Problem[]): Refusal {
  const typed = problems.every(({ at }) => at?.file === "command line");
  return { exitCode: typed ? 64 : 65, problems };
}
