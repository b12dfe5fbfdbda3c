// The credentials of one run (CRED-2): which there are, fetched before anything is planned, because what stands for them inside depends on them.
import { err, ok, type Problem, type Result } from "#core";
import { type Credential, type CredentialText, resolveCredentials } from "#core/credentials";
import type { Append, Json } from "#core/log";
import { type Policy, parseDuration, undescribedCredentials } from "#core/policy";
import type { AgentPreset } from "#core/presets";
import { forTerminal } from "#core/text";
import { type Broker, openBroker } from "#credentials";
import { reachOutside, readOutsideProxy } from "#egress";
import type { RunRequest } from "../request.ts";

/** What the run has of them. */
export interface RunCredentials {
  /** Variables of the fence that hold placeholders. */
  readonly env: Readonly<Record<string, string>>;
  /** `undefined` where there are none, and in a run that is only planned. */
  readonly broker?: Broker;
  /** As `session.open` tells them. */
  readonly data: readonly Json[];
}

/** What decides which there are. */
export interface CredentialParts {
  readonly request: RunRequest;
  readonly session: string;
  readonly workspace: string;
  readonly policy: Policy;
  readonly agent: AgentPreset | undefined;
}

/** Every credential of the policy, and the agent's own keys that the caller has set, by whom they serve. */
export function credentialsOf(
  parts: CredentialParts,
): Result<{ readonly agent: readonly Credential[]; readonly setup: readonly Credential[] }, readonly Problem[]> {
  const { agent, policy, request } = parts;
  const { env } = request.caller;
  const unknown = undescribedCredentials(policy);
  if (unknown.length > 0) return err(unknown);
  const ofSetup = new Set(policy.setup.credentials);
  const known = [...ofSetup].filter((name) => !policy.credentials.some(({ entry }) => entry.name === name));
  const resolved = resolveCredentials([...policy.credentials, ...known.map(knownText)], {
    agent: policy.credentialsFixed ? [] : (agent?.credentials ?? []),
    has: (name) => (env[name] ?? "") !== "",
    handedIn: [...policy.env.pass, ...Object.keys(policy.env.set)],
    milliseconds: parseDuration,
  });
  if (!resolved.ok) return resolved;
  return ok({
    agent: resolved.value.filter(({ name }) => !ofSetup.has(name)),
    setup: resolved.value.filter(({ name }) => ofSetup.has(name)),
  });
}

/** One that `setup.credentials` names and that needs no description. */
function knownText(name: string): CredentialText {
  return { entry: { name }, at: { file: `known credential ${name}`, line: 1, column: 1 } };
}

/** Fetches the agent's. A run that is only planned asks no source. */
export async function openCredentials(
  credentials: readonly Credential[],
  { request, session, workspace }: Pick<CredentialParts, "request" | "session" | "workspace">,
): Promise<Result<RunCredentials, readonly Problem[]>> {
  const data = credentials.map(({ env, inject, name, source }) => ({
    ...{ name, source: source.kind, env: [...env] },
    hosts: inject.hosts.map(({ text }) => text),
  }));
  if (credentials.length === 0) return ok({ env: {}, data });
  const names = credentials.flatMap(({ env }) => env);
  if (request.dryRun) return ok({ env: Object.fromEntries(names.map((name) => [name, "(a placeholder)"])), data });
  for (const { at, env, name } of credentials) {
    // Nobody asked for these by name: what happens to the key is said.
    if (at.file === `known credential ${name}`)
      request.progress(`$${env.join(", $")} stays outside; inside is a placeholder for it`);
  }
  const { env, home } = request.caller;
  const outside = readOutsideProxy(env);
  if (!outside.ok) return err([outside.error]);
  const reach = reachOutside(outside.value);
  const broker = await openBroker({ credentials, env, home, workspace, session, now: Date.now, reach });
  if (!broker.ok) return broker;
  return ok({ env: broker.value.env, broker: broker.value, data });
}

/** Gives back what can be given back, on record where there is one. What goes on living is told. */
export async function closeCredentials(
  broker: Broker | undefined,
  { append, tell }: { readonly append?: Append; readonly tell: (line: string) => void },
): Promise<void> {
  const closed = await broker?.close();
  const record = async (data: { readonly [key: string]: Json }): Promise<void> =>
    void (await append?.({ type: "secret.use", origin: "observed", data }).catch(() => undefined)); // the session ends anyway
  for (const name of closed?.revoked ?? []) await record({ credential: name, act: "revoked" });
  for (const { code, message } of closed?.left ?? []) {
    tell(forTerminal(`not revoked: ${message}`, { max: 300 }));
    // the message holds a server's own words, which could be the token
    await record({ act: "not-revoked", why: code });
  }
}
