// Merged parts → the Policy (policy.ts): other tools' names and units are gone here, and every value is there.
import type { CredentialEntry } from "../credentials/index.ts";
import { mcpOf, serverSources } from "./effective-mcp.ts";
import type { ChannelEntry, RuleEntry } from "./file.ts";
import type { NetworkEntry } from "./file-sandbox.ts";
import { parseDuration, parseSize } from "./measure.ts";
import type { Merged, Part } from "./merge.ts";
import type {
  ApprovalChannel,
  Limits,
  Mode,
  NetworkRuleText,
  PathText,
  Policy,
  PrivateHost,
  RuleText,
  SetupPolicy,
} from "./policy.ts";

/** The policy of merged parts. The default layer must be among them: it sets every value that is read here. */
export function policyOf(merged: Merged, layers: Policy["layers"]): Policy {
  const list = (key: string): readonly Part[] => merged.parts.get(key) ?? [];
  // The default layer sets every value read here, so a missing one is a broken invariant.
  const first = (key: string): Part => {
    const [part] = list(key);
    if (part === undefined) throw new Error(`no layer sets ${key}`);
    return part;
  };
  const one = <T>(key: string): T => first(key).value as T;
  const rules = (key: string): readonly RuleText[] => list(`permissions.${key}`).map(ruleText);
  const texts = (key: string): readonly string[] => [...new Set(list(key).map((p) => String(p.value)))];
  const paths = (key: string): readonly PathText[] => list(key).map((p) => ({ text: String(p.value), at: p.at }));
  return {
    version: 1,
    tier: one("tier"),
    permissions: {
      mode: modeOf(one("permissions.mode")),
      bypassDisabled: list("permissions.disableBypassPermissionsMode").length > 0,
      allow: rules("allow"),
      ask: rules("ask"),
      deny: rules("deny"),
    },
    sandbox: {
      mode: one("sandbox.mode"),
      runtime: one("sandbox.runtime"),
      workspace: one("sandbox.workspace"),
      apply: one("sandbox.apply"),
      filesystem: {
        allowRead: paths("sandbox.filesystem.allowRead"),
        denyRead: paths("sandbox.filesystem.denyRead"),
        allowWrite: paths("sandbox.filesystem.allowWrite"),
        denyWrite: paths("sandbox.filesystem.denyWrite"),
        showSecrets: paths("sandbox.filesystem.showSecrets"),
      },
      network: {
        allow: list("sandbox.network.allow").map(networkText),
        deny: list("sandbox.network.deny").map(networkText),
        allowPrivate: list("sandbox.network.allowPrivate").map((p) => ({
          ...(p.value as Omit<PrivateHost, "at">),
          at: p.at,
        })),
        mode: one("sandbox.network.mode"),
        modeAt: first("sandbox.network.mode").at,
        inspect: one("sandbox.network.inspect"),
        inspectExcept: list("sandbox.network.inspectExcept").map(networkText),
        tokens: one("sandbox.network.tokens"),
        budget: budgetOf(list("sandbox.network.budget.up")[0], list("sandbox.network.budget.requests")[0]),
      },
      limits: limitsOf(one),
      ports: [...new Set(list("sandbox.ports").map((p) => Number(p.value)))],
      unixSockets: paths("sandbox.unixSockets"),
      devices: texts("sandbox.devices"),
      caches: one("sandbox.caches"),
      canaries: one("sandbox.canaries"),
      landlock: one("sandbox.landlock"),
      undo: { bytes: parseSize(one<string | number>("sandbox.undo.size")) ?? 1 },
      idle: idleOf(list("sandbox.idle.pause")[0], list("sandbox.idle.stop")[0]),
    },
    approvals: {
      policy: one("approvals.policy"),
      timeoutMs: milliseconds(one("approvals.timeout")),
      channels: one<readonly ChannelEntry[]>("approvals.channels").map(channelOf),
    },
    setup: {
      run: paths("setup.run"),
      network: setupNetwork(merged),
      credentials: texts("setup.credentials"),
      expose: texts("setup.expose"),
      cache: one("setup.cache"),
    },
    ruleOfTwo: one("ruleOfTwo"),
    legs: {
      A: one("legs.A"),
      B: one("legs.B"),
      C: one("legs.C"),
      trustedHosts: texts("legs.trustedHosts"),
      privateHosts: texts("legs.privateHosts"),
      privatePaths: texts("legs.privatePaths"),
      foreignPaths: texts("legs.foreignPaths"),
      readingTools: texts("legs.readingTools"),
      servers: serverSources(merged),
      workspace: one("legs.workspace"),
    },
    auto: autoOf(list("auto.classifier")[0], one("auto.timeout")),
    ...lifecycleOf(list("lifecycle")[0]),
    audit: {
      reads: one("audit.reads"),
      telemetry: one("audit.telemetry"),
      witness: texts("audit.witness"),
      ...retentionOf(list("audit.retention")[0]),
    },
    mcp: mcpOf(merged),
    credentials: list("credentials").map((p) => ({ entry: p.value as CredentialEntry, at: p.at })),
    credentialsFixed: merged.fixed.includes("credentials"),
    env: { pass: texts("env.pass"), set: environment(list("env.set")) },
    layers: layers.map(({ name, file, digest }) => ({ name, file, digest })),
  };
}

function setupNetwork({ parts }: Merged): SetupPolicy["network"] {
  const allow = parts.get("setup.network.allow");
  return {
    ...(allow === undefined ? {} : { allow: allow.map(networkText) }),
    deny: (parts.get("setup.network.deny") ?? []).map(networkText),
  };
}

/** `manual` is Claude Code's newer word for `default`. */
function modeOf(word: Mode | "manual"): Mode {
  return word === "manual" ? "default" : word;
}

function channelOf(entry: ChannelEntry): ApprovalChannel {
  return typeof entry === "string"
    ? { kind: entry }
    : { kind: "webhook", url: entry.webhook, secretEnv: entry.secretEnv };
}

function autoOf(classifier: Part | undefined, timeout: string): Policy["auto"] {
  return classifier === undefined
    ? {}
    : { classifier: { url: String(classifier.value), timeoutMs: milliseconds(timeout) } };
}

/** Off where nobody says it. */
function idleOf(pause: Part | undefined, stop: Part | undefined): Policy["sandbox"]["idle"] {
  return {
    ...(pause === undefined ? {} : { pauseMs: milliseconds(String(pause.value)) }),
    ...(stop === undefined ? {} : { stopMs: milliseconds(String(stop.value)) }),
  };
}

/** For ever where nobody says it. */
function retentionOf(part: Part | undefined): Pick<Policy["audit"], "retentionMs"> {
  return part === undefined ? {} : { retentionMs: milliseconds(String(part.value)) };
}

function budgetOf(up: Part | undefined, requests: Part | undefined): Policy["sandbox"]["network"]["budget"] {
  return {
    ...(up === undefined ? {} : { upBytes: parseSize(up.value as string | number) ?? 1 }),
    ...(requests === undefined ? {} : { requestsPerMinute: Number.parseInt(String(requests.value), 10) }),
  };
}

function lifecycleOf(part: Part | undefined): Pick<Policy, "lifecycle"> {
  if (part === undefined) return {};
  const { webhook, secretEnv } = part.value as { readonly webhook: string; readonly secretEnv: string };
  return { lifecycle: { url: webhook, secretEnv } };
}

/** The schema refuses every text that is no duration; the shortest one stands for what cannot be. */
function milliseconds(text: string): number {
  return parseDuration(text) ?? 1;
}

function limitsOf(one: <T>(key: string) => T): Limits {
  const size = (key: string): number => parseSize(one<string | number>(`sandbox.limits.${key}`)) ?? 1;
  return {
    timeoutMs: milliseconds(one("sandbox.limits.timeout")),
    memoryBytes: size("memory"),
    pids: one("sandbox.limits.pids"),
    cpus: one("sandbox.limits.cpus"),
    fileSizeBytes: size("fileSize"),
    diskBytes: size("disk"),
    files: one("sandbox.limits.files"),
    openFiles: one("sandbox.limits.openFiles"),
    connections: one("sandbox.limits.connections"),
    logBytes: size("logBytes"),
    eventRate: one("sandbox.limits.eventRate"),
  };
}

/** The strongest layer's value of each name: parts come strongest first. */
function environment(parts: readonly Part[]): Readonly<Record<string, string>> {
  const set = new Map<string, string>();
  for (const part of parts) {
    const [name, value] = part.value as readonly [string, string];
    if (!set.has(name)) set.set(name, value);
  }
  return Object.fromEntries(set);
}

/** One entry of a list of rules, with its place. */
export function ruleText(part: Part): RuleText {
  const entry = part.value as RuleEntry;
  const place = { at: part.at, layer: part.layer };
  if (typeof entry === "string") return { text: entry, ...place };
  const { match, notMatch } = entry;
  return { text: entry.rule, ...place, ...(match ? { match } : {}), ...(notMatch ? { notMatch } : {}) };
}

function networkText(part: Part): NetworkRuleText {
  const entry = part.value as NetworkEntry;
  if (typeof entry === "string") return { text: entry, at: part.at };
  const { host, ...limits } = entry;
  return { text: host, at: part.at, ...limits } as NetworkRuleText;
}
