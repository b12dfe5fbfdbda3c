// Policy texts in, one Policy out (DESIGN 6). Any problem in any layer is the answer for all of them: a policy that cannot be
// read is never an empty one. Trust (whether a person accepted a file) is an input; `monitor/policy-files.ts` finds it out.
import { err, ok, type Problem, type Result } from "../result.ts";
import { parsePolicyDocument } from "./document.ts";
import type { NetworkEntry, RuleEntry } from "./file.ts";
import { parseDuration, parseSize } from "./measure.ts";
import { type Dropped, type Merged, mergeLayers, type ParsedLayer, type Part, strongestFirst } from "./merge.ts";
import type { LayerName, Limits, NetworkRuleText, PathText, Policy, PrivateHost, RuleText } from "./policy.ts";
import { parseRule } from "./rule.ts";
import { unbuiltParts } from "./unbuilt.ts";

/** One layer as read from a disk or a command line. */
export interface LayerText {
  readonly name: LayerName;
  /** Absolute path, or `command line`. */
  readonly file: string;
  readonly text: string;
  /** SHA-256 of the bytes, hex. */
  readonly digest: string;
  /** False for a file inside the workspace that nobody accepted: it tightens, and what would loosen is dropped. */
  readonly trusted: boolean;
}

/** A policy that loaded. */
export interface LoadedPolicy {
  readonly policy: Policy;
  /** What a layer asked for and did not get; the run's summary lists it. */
  readonly dropped: readonly Dropped[];
  readonly warnings: readonly Problem[];
  /** What the policy asks for and this version cannot enforce. Not empty = `run` refuses (exit 126). */
  readonly notBuilt: readonly Problem[];
  /** Every value with its layer and place, for `policy explain`. */
  readonly merged: Merged;
}

/** The closed default: the weakest layer of every policy. */
export const DEFAULT_POLICY_TEXT: string = `version: 1
tier: medium
permissions: { mode: default }
sandbox:
  mode: workspace-write
  runtime: auto
  workspace: overlay
  apply: end
  limits: { timeout: 4h, memory: 4g, pids: 4096, cpus: 2, fileSize: 1g, disk: 5g, connections: 1024, logBytes: 256m }
  caches: private
`;

/** Parses, trusts and merges. Problems of every layer are returned together, each with its place. */
export function loadPolicy(layers: readonly LayerText[]): Result<LoadedPolicy, readonly Problem[]> {
  const texts = strongestFirst([
    ...layers,
    { name: "default" as const, file: "the default policy", text: DEFAULT_POLICY_TEXT, digest: "", trusted: true },
  ]);
  const parsed: ParsedLayer[] = [];
  const problems: Problem[] = [];
  for (const layer of texts) {
    const document = parsePolicyDocument(layer.file, layer.text);
    if (!document.ok) problems.push(...document.error);
    else parsed.push({ name: layer.name, trusted: layer.trusted, document: document.value });
  }
  if (problems.length > 0) return err(problems);
  const merged = mergeLayers(parsed);
  problems.push(...badRules(merged));
  if (problems.length > 0) return err(problems);
  return ok({
    policy: policyOf(
      merged,
      texts.filter((t) => t.name !== "default"),
    ),
    dropped: merged.dropped,
    warnings: [],
    notBuilt: unbuiltParts(merged),
    merged,
  });
}

function policyOf(merged: Merged, layers: readonly LayerText[]): Policy {
  const list = (key: string): readonly Part[] => merged.parts.get(key) ?? [];
  // The default layer sets every value read here, so a missing one is a broken invariant.
  const one = <T>(key: string): T => {
    const [part] = list(key);
    if (part === undefined) throw new Error(`no layer sets ${key}`);
    return part.value as T;
  };
  const paths = (key: string): readonly PathText[] => list(key).map((p) => ({ text: String(p.value), at: p.at }));
  return {
    version: 1,
    tier: one("tier"),
    permissions: {
      mode: (one<string>("permissions.mode") === "manual"
        ? "default"
        : one("permissions.mode")) as Policy["permissions"]["mode"],
      allow: list("permissions.allow").map(ruleText),
      ask: list("permissions.ask").map(ruleText),
      deny: list("permissions.deny").map(ruleText),
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
      },
      network: {
        allow: list("sandbox.network.allow").map(networkText),
        deny: list("sandbox.network.deny").map(networkText),
        allowPrivate: list("sandbox.network.allowPrivate").map((p) => ({
          ...(p.value as Omit<PrivateHost, "at">),
          at: p.at,
        })),
      },
      limits: limitsOf(one),
      ports: [...new Set(list("sandbox.ports").map((p) => Number(p.value)))],
      unixSockets: paths("sandbox.unixSockets"),
      devices: list("sandbox.devices").map((p) => String(p.value)),
      caches: one("sandbox.caches"),
    },
    env: { pass: [...new Set(list("env.pass").map((p) => String(p.value)))], set: environment(list("env.set")) },
    layers: layers.map(({ name, file, digest }) => ({ name, file, digest })),
  };
}

function limitsOf(one: <T>(key: string) => T): Limits {
  const size = (key: string): number => parseSize(one<string | number>(`sandbox.limits.${key}`)) ?? 1;
  return {
    timeoutMs: parseDuration(one<string>("sandbox.limits.timeout")) ?? 1,
    memoryBytes: size("memory"),
    pids: one("sandbox.limits.pids"),
    cpus: one("sandbox.limits.cpus"),
    fileSizeBytes: size("fileSize"),
    diskBytes: size("disk"),
    connections: one("sandbox.limits.connections"),
    logBytes: size("logBytes"),
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

function ruleText(part: Part): RuleText {
  const entry = part.value as RuleEntry;
  const place = { at: part.at, layer: part.layer };
  if (typeof entry === "string") return { text: entry, ...place };
  const { match, notMatch } = entry;
  return { text: entry.rule, ...place, ...(match ? { match } : {}), ...(notMatch ? { notMatch } : {}) };
}

function networkText(part: Part): NetworkRuleText {
  const entry = part.value as NetworkEntry;
  if (typeof entry === "string") return { text: entry, at: part.at };
  const { methods, paths } = entry;
  return { text: entry.host, at: part.at, ...(methods ? { methods } : {}), ...(paths ? { paths } : {}) };
}

/** Rules that do not parse. Also those of files nobody accepted: a typing slip is told before it is trusted. */
function badRules(merged: Merged): readonly Problem[] {
  return ["permissions.allow", "permissions.ask", "permissions.deny"].flatMap((key) => {
    const written = [...(merged.parts.get(key) ?? []), ...merged.dropped.filter((d) => d.key === key)];
    return written.flatMap((part) => {
      const entry = part.value as RuleEntry;
      const rule = parseRule(typeof entry === "string" ? entry : entry.rule);
      return rule.ok ? [] : [{ ...rule.error, at: part.at }];
    });
  });
}
