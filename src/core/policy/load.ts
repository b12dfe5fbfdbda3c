// Policy texts in, one Policy out (DESIGN 6). Any problem in any layer is the answer for all of them: a policy that cannot be
// read is never an empty one. Trust (whether a person accepted a file) is an input; `monitor/prepare/policy-files.ts` finds it out.
import { err, ok, type Problem, type Result } from "../result.ts";
import { DEFAULT_LEG_POLICY } from "../session/leg-policy.ts";
import { parsePolicyDocument } from "./document.ts";
import { policyOf, ruleText } from "./effective.ts";
import { failingExamples } from "./examples.ts";
import type { RuleEntry } from "./file.ts";
import { type Dropped, type Merged, mergeLayers, type ParsedLayer, strongestFirst } from "./merge.ts";
import type { LayerName, Policy, RuleText } from "./policy.ts";
import { parseRule } from "./rule.ts";
import { type ServerWords, serverLayers } from "./server-view.ts";
import { againstTier } from "./tier.ts";
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
  /** Allow rules of files that nobody accepted: they do not hold, and a person who wonders why is told. */
  readonly waiting: readonly RuleText[];
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
  limits: { timeout: 4h, memory: 4g, pids: 4096, cpus: 2, fileSize: 1g, disk: 5g, files: 1000000, openFiles: 524288, connections: 1024, logBytes: 1g, eventRate: 20000 }
  network: { mode: enforce, inspect: auto, tokens: block }
  caches: private
  canaries: off
  landlock: auto
  undo: { size: 1g }
setup: { cache: auto }
approvals: { policy: on-request, timeout: 120s, channels: [terminal] }
ruleOfTwo: ask
legs:
  A: [${DEFAULT_LEG_POLICY.A.join(", ")}]
  B: [${DEFAULT_LEG_POLICY.B.join(", ")}]
  C: [${DEFAULT_LEG_POLICY.C.join(", ")}]
  workspace: ${DEFAULT_LEG_POLICY.workspace}
auto: { timeout: 2s }
audit: { reads: secrets, telemetry: off }
mcp: { lock: .ringfence/mcp.lock.json, mode: ask, sampling: deny, elicitation: ask, results: mark }
`;

/** Parses, trusts and merges, as the layers speak to the agent or to `server`. Problems of every layer are returned together, each with its place. */
export function loadPolicy(
  layers: readonly LayerText[],
  server?: ServerWords,
): Result<LoadedPolicy, readonly Problem[]> {
  const texts = strongestFirst([
    ...layers,
    { name: "default" as const, file: "the default policy", text: DEFAULT_POLICY_TEXT, digest: "", trusted: true },
  ]);
  const parsed: ParsedLayer[] = [];
  const problems: Problem[] = [];
  for (const layer of texts) {
    const document = parsePolicyDocument(layer.file, layer.text);
    if (!document.ok) problems.push(...document.error);
    else {
      problems.push(...failingExamples(document.value));
      parsed.push({ name: layer.name, trusted: layer.trusted, document: document.value });
    }
  }
  if (problems.length > 0) return err(problems);
  const merged = mergedModes(server === undefined ? parsed : serverLayers(parsed, server));
  problems.push(...badRules(merged), ...againstTier(merged));
  if (problems.length > 0) return err(problems);
  const read = texts.filter((t) => t.name !== "default").map(({ name, file, digest }) => ({ name, file, digest }));
  return ok({
    policy: policyOf(merged, read),
    dropped: merged.dropped,
    warnings: [],
    waiting: merged.dropped
      .filter(({ key, because }) => key === "permissions.allow" && because === "not-accepted")
      .map(ruleText),
    notBuilt: unbuiltParts(merged),
    merged,
  });
}

/** Merges, and where some layer switched bypass off the closed mode stands in its place, and the wish is told like every other. */
function mergedModes(layers: readonly ParsedLayer[]): Merged {
  const merged = mergeLayers(layers);
  const [off] = merged.parts.get("permissions.disableBypassPermissionsMode") ?? [];
  if (off === undefined) return merged;
  const [mode] = merged.parts.get("permissions.mode") ?? [];
  // what is stricter than a bypass that nobody has may be looser than the mode there is
  if (mode?.value !== "bypassPermissions") return mergeLayers(layers.map(withoutBypass));
  return {
    ...merged,
    parts: new Map([...merged.parts, ["permissions.mode", [{ value: "default", layer: off.layer, at: off.at }]]]),
    dropped: [...merged.dropped, { ...mode, key: "permissions.mode", because: "disabled" }],
  };
}

function withoutBypass(layer: ParsedLayer): ParsedLayer {
  const { permissions, ...rest } = layer.document.value;
  if (permissions === undefined) return layer;
  const closed = <M extends string | undefined>(mode: M): M | "default" =>
    mode === "bypassPermissions" ? "default" : mode;
  const { mode, defaultMode } = permissions;
  const value = { ...rest, permissions: { ...permissions, mode: closed(mode), defaultMode: closed(defaultMode) } };
  return { ...layer, document: { ...layer.document, value } };
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
