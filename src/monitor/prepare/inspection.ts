// Whether this session reads TLS, and what its fence gets then (NET-5): decided before the fence is made, because its programs must know the
// session's authority before they start. A session that reads nothing loads and shows nothing of it.
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { type EgressPlan, readsByRule, type ToolConfig } from "#core/net";
import type { NetworkRuleText } from "#core/policy";
import type { Mount } from "#core/sandbox";
import { type EgressOptions, type HttpFilter, type Inspection, openInspection } from "#egress";
import type { RunRequest } from "../request.ts";
import type { SessionPaths } from "../session-folders.ts";

/** What the decision needs. */
export interface InspectionParts {
  readonly request: Pick<RunRequest, "caller">;
  readonly session: string;
  /** What sessions write. */
  readonly written: readonly string[];
  readonly paths: Pick<SessionPaths, "dir">;
  readonly tools: Pick<ToolConfig, "caFile">;
  readonly plan: EgressPlan;
  /** The setup's own rules; its commands run in a fence that is shown the same. */
  readonly setupRules: readonly NetworkRuleText[];
  /** True where a credential is put into requests. */
  readonly hasCredentials: boolean;
  /** True where the session knows secrets to look for in what leaves. */
  readonly hasSecrets: boolean;
}

/** What reads TLS, and what the fence is shown of it. */
export interface PlannedInspection {
  readonly inspection?: Inspection;
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
}

/** Plans it; the files go into the session's folder. */
export async function planInspection(parts: InspectionParts): Promise<Result<PlannedInspection, Problem>> {
  if (!mayRead(parts)) return ok({ env: {}, mounts: [] });
  const { caller } = parts.request;
  const { tools, paths, session, written } = parts;
  const named = [tools.caFile, caller.env["NODE_EXTRA_CA_CERTS"], caller.env["SSL_CERT_FILE"]];
  const files = [...new Set(named)].flatMap((file) => (file === undefined || file === "" ? [] : [file]));
  const folder = join(paths.dir, "trust");
  try {
    const inspection = await openInspection({ session, roots: { files, written } });
    const trust = inspection.trust({ caller, folder });
    const mounts = trust.files.map(({ source, target }): Mount => ({ kind: "ro-bind", source, target }));
    return ok({ inspection, env: trust.env, mounts });
  } catch (cause) {
    return err({
      code: "inspection-unready",
      message: `TLS cannot be read in this session (${(cause as Error).message})`,
      hint: "make Ringfence's state folder writable, or leave out what needs it: rules with methods or paths, credentials, `sandbox.network.inspect`",
    });
  }
}

/** Who reads besides the rules. */
export interface ReadingFilters {
  /** Cannot do without: credentials. */
  readonly must?: readonly HttpFilter[];
  /** Do better with it: the search for secrets. */
  readonly may?: readonly HttpFilter[];
}

/** The option of a proxy under these rules; none in a session that reads nothing. */
export function inspectorOption(
  inspection: Inspection | undefined,
  plan: () => EgressPlan,
  { must = [], may = [] }: ReadingFilters = {},
): Pick<EgressOptions, "inspector"> {
  const needs = (filters: readonly HttpFilter[]) => (host: string, port: number) =>
    filters.some((filter) => filter.needs(host, port));
  return inspection === undefined
    ? {}
    : { inspector: inspection.inspector({ plan, must: needs(must), may: needs(may) }) };
}

function mayRead({ plan, setupRules, hasCredentials, hasSecrets }: InspectionParts): boolean {
  if (setupRules.some(({ methods, paths, protocols }) => (methods ?? paths ?? protocols) !== undefined)) return true;
  if (plan.allow.length + setupRules.length === 0 && plan.mode === "enforce") return false;
  return readsByRule(plan) || hasCredentials || (plan.inspect === "auto" && hasSecrets);
}
