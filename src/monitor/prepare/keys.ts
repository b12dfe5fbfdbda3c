// What the agent is given instead of secrets, and what looks for them in its traffic: credentials, canaries, logins by SSH, and the reading of TLS that
// they ask for.
import { ok, type Result } from "#core";
import type { Credential } from "#core/credentials";
import { NO_CANARIES, plantCanaries } from "../leaks/canaries.ts";
import { secretsOfRun } from "../leaks/run-secrets.ts";
import type { SessionSecrets } from "../leaks/session-secrets.ts";
import { badInput, cannot } from "../refusals.ts";
import type { Refusal } from "../request.ts";
import { credentialsOf, openCredentials, type RunCredentials } from "./credentials.ts";
import { type PlannedInspection, planInspection } from "./inspection.ts";
import type { Sight, SightParts } from "./sight.ts";
import { planSshLogins, type SshLogins } from "./ssh-logins.ts";

/** They. */
export interface Keys {
  /** Fetched: whoever fails later gives them back. */
  readonly credentials: RunCredentials;
  /** The setup's own, not fetched yet. */
  readonly ofSetup: readonly Credential[];
  readonly canaries: ReturnType<typeof plantCanaries>;
  readonly leaks: SessionSecrets;
  readonly inspected: PlannedInspection;
  readonly ssh: SshLogins | undefined;
}

/** What they hang on. */
export interface KeyParts extends Omit<SightParts, "hunt"> {
  readonly sight: Sight;
  /** Takes what was fetched, at once: what comes after it may fail. */
  readonly onFetched: (credentials: RunCredentials) => void;
}

/** Fetches and plans them. */
export async function planKeys(parts: KeyParts): Promise<Result<Keys, Refusal>> {
  const { request, session, decided, paths, sight, onFetched } = parts;
  const { policy, agent, written, tools, egressPlan } = decided;
  const workspace = parts.workspace.root;
  const named = credentialsOf({ request, session, workspace, policy, agent });
  if (!named.ok) return badInput(named.error);
  const credentials = await openCredentials(named.value.agent, { request, session, workspace });
  if (!credentials.ok) return cannot(...credentials.error);
  onFetched(credentials.value);
  const canaries = policy.sandbox.canaries === "on" ? plantCanaries(request.caller.home) : NO_CANARIES;
  const leaks = secretsOfRun({
    ...{ request, policy, broker: credentials.value.broker, planted: canaries.secrets },
    ...{ files: [...sight.identities.keys()], lower: sight.shown.lower },
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
  return ok({
    ...{ credentials: credentials.value, ofSetup: named.value.setup, canaries, leaks },
    ...{ inspected: inspected.value, ssh: ssh.value },
  });
}
