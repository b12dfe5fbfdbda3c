// The fields of `session.open`: what an auditor must know of a session before its first act.
import type { Json } from "#core/log";
import type { LimitHolder } from "#core/session";
import { mcpData } from "../mcp/running-server.ts";
import type { RunRequest } from "../request.ts";
import type { Decided } from "./decide.ts";
import type { Keys } from "./keys.ts";
import type { Sight } from "./sight.ts";

/** What they are told of. */
export interface OpenParts {
  readonly request: RunRequest;
  /** The workspace, absolute. */
  readonly root: string;
  readonly decided: Decided;
  readonly sight: Sight;
  readonly keys: Keys;
  /** What carries a real secret in, or shows one. */
  readonly exposed: readonly string[];
  readonly limits: readonly LimitHolder[];
}

/** The fields. */
export function openData(parts: OpenParts): { readonly [key: string]: Json } {
  const { request, root, decided, sight, keys, exposed, limits } = parts;
  const { agent, egressPlan, loaded, runtime } = decided;
  const { from, gitView, masked, shown } = sight;
  const { canaries, credentials, inspected, ssh } = keys;
  return {
    version: request.installation.version,
    ...(from === undefined ? {} : { from: request.from ?? "", digests: { ...from.parts } }),
    agent: agent?.name ?? "",
    kind: shown.kind,
    runtime: { ...runtime.shown },
    ...(shown.copy === undefined ? {} : { commit: shown.copy.commit }),
    ...(request.keeper === undefined || request.gateway !== undefined ? {} : { kept: true }),
    ...mcpData(request.gateway),
    layers: loaded.policy.layers.map((layer) => ({ ...layer })),
    network: [...new Set(egressPlan.allow.map((rule) => rule.text))],
    ...(inspected.inspection === undefined ? {} : { inspection: inspected.inspection.told }),
    ...(egressPlan.mode === "report" ? { networkMode: egressPlan.mode } : {}),
    exposed: [...exposed],
    credentials: [...credentials.data, ...(ssh?.data ?? [])],
    ...(canaries.files.length === 0 ? {} : { canaries: canaries.files.map(({ target }) => target) }),
    masked: masked.map((path) => path.slice(root.length + 1)),
    maskedBlobs: gitView.blobs.length,
    limits: Object.fromEntries(limits.map(({ limit, by }) => [limit, by])),
  };
}
