// One run's fence, planned: policy, view, environment, network and limits as plain data (STYLE 8: plan, then apply).
// Reads the disk, makes the session's folders, starts nothing.
import { existsSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { credentialFiles, gitCredentials, type Standin } from "#core/credentials";
import { guardPlan } from "#core/paths";
import type { Policy } from "#core/policy";
import { type AgentPreset, agentEnvironment, insideArgv } from "#core/presets";
import { obeyedNames } from "#core/review";
import {
  buildEnvironment,
  expandHome,
  insidePath,
  type Mount,
  type RecorderPlan,
  type SandboxPlan,
  viewMounts,
  type WorkspacePlan,
} from "#core/sandbox";
import { type Cgroup, readHostFacts } from "#sandbox";
import { obeyedPlaces } from "../changes/obeyed.ts";
import { pastFolder } from "../changes/past-folder.ts";
import type { RepositoryPlace } from "../changes/repository-place.ts";
import { INSIDE_HELPER, INSIDE_SOCKET } from "../guard/fence-hooks.ts";
import { INSIDE_DOOR } from "../mcp/inside-door.ts";
import type { RunRequest } from "../request.ts";
import { repositoryFolders, type SessionPaths } from "../session-folders.ts";
import { gitConfiguration } from "./git-identity.ts";
import { insideUser } from "./inside-user.ts";
import { outerPolicyFiles } from "./policy-files.ts";
import { keptFolders } from "./project.ts";
import { ownShims } from "./shims.ts";
import type { ShownWorkspace } from "./shown-workspace.ts";
import type { SshLogins } from "./ssh-logins.ts";
import type { Workspace } from "./workspace.ts";
import { writablePlaces } from "./writable.ts";
import { namedPath } from "./written.ts";

/** What the plan is made from. */
export interface PlanParts {
  readonly request: RunRequest;
  readonly session: string;
  readonly workspace: Workspace;
  readonly policy: Policy;
  readonly agent: AgentPreset | undefined;
  readonly paths: SessionPaths;
  readonly shown: ShownWorkspace;
  readonly masked: readonly string[];
  readonly objects: NonNullable<SandboxPlan["objects"]>;
  readonly unwritable: readonly string[];
  /** Variables that hold what stands for credentials. */
  readonly placeholders: Readonly<Record<string, string>>;
  /** The same, for the files and answers in which programs look for them. */
  readonly standins: readonly Standin[];
  /** Logins by SSH. */
  readonly ssh: SshLogins | undefined;
  /** Variables and files of the network: the proxy's, and the tools' own configuration without its secrets. */
  readonly network: {
    readonly env: Readonly<Record<string, string>>;
    readonly files: readonly { readonly target: string; readonly content: string }[];
    /** Whom its programs trust, where TLS is read. */
    readonly mounts: readonly Mount[];
    readonly bridge: NonNullable<SandboxPlan["bridge"]>;
  };
  /** The setup's package caches are its own, and so are each MCP server's: what one put into them never meets another's secrets. */
  readonly cachesOf?: string;
  /** What a cgroup limits already. */
  readonly byCgroup: Cgroup["holds"];
}

/** The plan, and which variables carry a value from outside. */
export interface PlannedRun {
  readonly plan: SandboxPlan;
  readonly exposed: readonly string[];
}

/** Plans it, or says which part of the policy cannot be carried out. */
export function planRun(parts: PlanParts): Result<PlannedRun, Problem> {
  const { request, policy, workspace } = parts;
  const { caller } = request;
  const user = insideUser(caller);
  const facts = readHostFacts({ home: caller.home, path: caller.env["PATH"] ?? "" });
  const kept = keptFolders({
    stateDir: request.stateDir,
    root: workspace.root,
    caches: policy.sandbox.caches,
    agent: parts.agent,
    ...(parts.cachesOf === undefined ? {} : { of: parts.cachesOf }),
  });
  const shims = ownShims(caller.home, parts.paths.home);
  // The guard knows names, not patterns: a deny that it cannot hold is refused, never forgotten (I15).
  if (policy.sandbox.workspace === "direct" && parts.unwritable.length > 0) {
    return err({
      code: "deny-needs-overlay",
      message: `a \`direct\` workspace cannot enforce the policy's denied writes (${parts.unwritable.join(", ")})`,
      hint: "use the overlay workspace, where the gate holds them: leave out `--workspace direct`",
    });
  }
  const extra = extraMounts(parts);
  if (!extra.ok) return extra;
  const shownAs = workspacePlan(parts);
  const environment = buildEnvironment({
    caller: caller.env,
    home: caller.home,
    userName: user.name,
    path: insidePath(facts, [workspace.root, ...extra.value.map(({ target }) => target)]),
    session: parts.session,
    terminal: request.terminals.stdin || request.terminals.stdout || request.terminals.stderr,
    pass: policy.env.pass,
    set: policy.env.set,
    agent: parts.agent === undefined ? {} : agentEnvironment(parts.agent, caller.home, telemetryAt(parts)),
    proxy: parts.network.env,
  });
  return ok({
    exposed: environment.exposed,
    plan: {
      mounts: [
        ...viewMounts(facts, { home: parts.paths.home, tmp: parts.paths.tmp, kept, shims }, user),
        {
          kind: "file",
          target: "/etc/gitconfig",
          content: `${gitConfiguration(caller.home, workspace.root, parts.objects.instead.length > 0)}${gitCredentials(parts.standins)}`,
        },
        ...credentialFiles(parts.standins, caller.home, parts.network.files).map(
          (file): Mount => ({ kind: "file", ...file }),
        ),
        ...(parts.ssh?.mounts ?? []),
        ...parts.network.mounts,
        ...parts.shown.mounts,
        ...hookMounts(parts),
        ...extra.value,
      ],
      workspace: shownAs,
      writable: writablePlaces({
        home: caller.home,
        workspace: shownAs,
        shown: parts.shown,
        kept: [...kept, ...shims],
        extra: extra.value,
      }),
      ...(policy.sandbox.landlock === "require" ? { landlock: "require" } : {}),
      masked: parts.masked,
      ...(parts.objects.layered || parts.objects.instead.length + parts.objects.hidden.length > 0
        ? { objects: parts.objects }
        : {}),
      cwd: workspace.cwd,
      argv: insideArgv(request.argv, telemetryAt(parts)),
      env: { ...parts.ssh?.env, ...parts.placeholders, ...environment.variables, ...parts.shown.env },
      uid: user.uid,
      gid: user.gid,
      hostname: "ringfence",
      bridge: parts.network.bridge,
      ports: policy.sandbox.ports,
      streams: {
        stdinTty: request.terminals.stdin,
        stdoutTty: request.terminals.stdout,
        stderrTty: request.terminals.stderr,
      },
      limits: {
        pids: policy.sandbox.limits.pids,
        fileSizeBytes: policy.sandbox.limits.fileSizeBytes,
        watchMemoryBytes: parts.byCgroup.memory ? 0 : policy.sandbox.limits.memoryBytes,
        openFiles: policy.sandbox.limits.openFiles,
        processors: parts.byCgroup.cpu ? 0 : Math.ceil(policy.sandbox.limits.cpus),
      },
      recorder: { reads: readsToRecord(policy) },
    },
  });
}

/** Secret-named files are masked where the search found them, so only what the policy shows besides can hold one that is worth the cost of looking. */
/** Where an agent leaves its telemetry: the proxy itself. */
function telemetryAt({ network, policy }: Pick<PlanParts, "network" | "policy">): string | undefined {
  return policy.audit.telemetry === "on" ? `http://127.0.0.1:${network.bridge.port}` : undefined;
}

function readsToRecord({ audit, sandbox }: Policy): RecorderPlan["reads"] {
  const { allowRead, allowWrite, showSecrets } = sandbox.filesystem;
  return audit.reads === "secrets" && allowRead.length + allowWrite.length + showSecrets.length === 0
    ? "none"
    : audit.reads;
}

/** The agent's way to its supervisor, and its settings that make it take it. All read-only inside; connecting to a socket writes nothing. */
function hookMounts(parts: PlanParts): readonly Mount[] {
  const { request, paths, agent } = parts;
  if (request.hooks === undefined) return [];
  const { helper } = request.installation;
  const files = agent === undefined ? [] : request.hooks.files(agent.name, helper);
  return [
    { kind: "ro-bind", source: helper, target: INSIDE_HELPER },
    // Where it stands outside, too: a project's own hooks name it there, and the same command twice is asked once.
    { kind: "ro-bind", source: helper, target: helper },
    { kind: "ro-bind", source: paths.hooks, target: INSIDE_SOCKET },
    ...serverMounts(parts),
    ...files.map(
      ({ target, content }): Mount => ({
        kind: "file",
        target: expandHome(target, request.caller.home),
        content,
      }),
    ),
  ];
}

/** The same for the clients of MCP servers: the helper stands where a wrapped entry names the launcher, unless that is there anyway and finds it itself. */
function serverMounts({ request, paths }: PlanParts): readonly Mount[] {
  const { helper, root } = request.installation;
  const isShown = /^\/(?:usr|opt|nix|snap)\//.test(root);
  return [
    { kind: "ro-bind", source: paths.servers, target: INSIDE_DOOR },
    ...(isShown ? [] : [{ kind: "ro-bind", source: helper, target: join(root, "ringfence") } as const]),
  ];
}

function workspacePlan(parts: PlanParts): WorkspacePlan {
  const { root } = parts.workspace;
  const { kind, lower, repository } = parts.shown;
  if (kind === "read-only") return { kind, root };
  if (kind === "direct") {
    const { names, exceptBelow } = guardPlan();
    return {
      kind: "direct",
      root,
      guard: {
        names: [
          ...names,
          ...(parts.agent?.protectedSettings ?? []).map((name) => name.toLowerCase()),
          ...obeyedNames(obeyedPlaces(root, parts.request.caller.home)),
        ],
        exceptBelow,
      },
      past: { folder: pastFolder(parts.request.stateDir, parts.session), bytes: parts.policy.sandbox.undo.bytes },
    };
  }
  const { upper, work, mask } = parts.paths;
  const layers = { upper, work, mask };
  return {
    ...{ kind: "overlay", root, ...layers },
    ...(lower === root ? {} : { lower }),
    ...(repository === undefined ? {} : { repository: repositoryLayer(parts.paths, repository) }),
  };
}

function repositoryLayer(paths: SessionPaths, { root, git }: RepositoryPlace): NonNullable<Overlay["repository"]> {
  const { upper, work } = repositoryFolders(paths);
  return { root: join(root, git), upper: join(upper, git), work };
}

type Overlay = Extract<WorkspacePlan, { kind: "overlay" }>;

/** `filesystem.allowRead` and `allowWrite` outside the workspace: the person's own words, shown and bound as they are. */
function extraMounts({ policy, request, workspace }: PlanParts): Result<readonly Mount[], Problem> {
  const mounts: Mount[] = [];
  const { caller, policyFile, stateDir } = request;
  const named = policyFile === undefined ? {} : { policyFile };
  const policies = outerPolicyFiles({ workspaceRoot: workspace.root, stateDir, home: caller.home, ...named });
  for (const [kind, paths] of [
    ["still", policy.sandbox.filesystem.allowRead],
    ["live", policy.sandbox.filesystem.allowWrite],
  ] as const) {
    for (const { text, at } of paths) {
      const path = namedPath(text, caller.home);
      if (!path.startsWith("/") || path === workspace.root || path.startsWith(`${workspace.root}/`)) continue; // seen already
      const refusal = (message: string, hint: string): Result<never, Problem> =>
        err({ code: "path-refused", message: `\`${text}\` ${message}`, at, hint });
      if (/[*?[]/.test(path)) return refusal("is a pattern, and a fence shows whole paths", "name the folder itself");
      if (!existsSync(path)) return refusal("is not there", "make it first, or take the line out");
      const real = realpathSync(path);
      const found = statSync(real);
      if (!found.isDirectory() && !found.isFile())
        return refusal("is a socket, a pipe or a device", "name a file or a folder");
      const holds = (inner: string): boolean => inner === real || inner.startsWith(real === "/" ? "/" : `${real}/`);
      if (holds(request.stateDir) || real.startsWith(`${request.stateDir}/`))
        return refusal("holds Ringfence's own state and keys", "name a folder below it");
      if (holds(workspace.root)) return refusal("holds the workspace", "name a folder beside it");
      if (
        kind === "live" &&
        (holds(request.installation.root) ||
          holds(request.caller.home) ||
          /^\/(usr|bin|sbin|lib\d*|etc|boot|proc|sys|dev|run|var)?$/.test(real))
      ) {
        return refusal("is too much to be written from inside", "name the one folder that is needed");
      }
      if (kind === "live" && policies.some(holds))
        return refusal("holds a policy, and who writes that writes the next session's", "name a folder without one");
      mounts.push({ kind, source: real, target: path });
    }
  }
  return ok(mounts);
}
