// The credential of an upstream: what the policy gives it, what the client's own entry gives it, or a login. Never what a client sends.
import { join } from "node:path";
import { err, ok, type Problem } from "#core";
import { type Exchanger, type HttpTarget, openLoginCredential, openTokenStore, urlOf } from "#mcp";
import type { UpstreamSession } from "./upstream-session.ts";

/** A header that the client's entry gives its server, by the variable that holds it. */
export interface GivenField {
  /** Lower case. */
  readonly field: string;
  readonly value: string;
  readonly variable: string;
}

/** The logins of this user. */
export function loginsOf(stateDir: string): ReturnType<typeof openTokenStore> {
  return openTokenStore(join(stateDir, "mcp", "oauth"));
}

/** Opens it. */
export function upstreamCredential(parts: {
  readonly open: UpstreamSession;
  readonly exchanger: Exchanger;
  readonly target: HttpTarget;
  readonly given: readonly GivenField[];
  readonly signal: AbortSignal;
}): ReturnType<typeof openLoginCredential> {
  const { open, exchanger, target, given, signal } = parts;
  const { append } = open.session.guarded;
  const { host, port } = target;
  const use = (credential: string, rule: string, field: string): Promise<unknown> =>
    append({ type: "secret.use", origin: "observed", data: { credential, rule, host, port, field } });
  let recorded: Promise<unknown> | undefined;
  return openLoginCredential({
    ...{ exchanger, signal, server: target, now: Date.now, store: loginsOf(open.session.stateDir) },
    own: async (to) => {
      const own = await open.credentialsFor(new URL(urlOf(to)));
      if (!own.ok || given.length === 0) return own;
      const twice = given.find(({ field }) => own.value[field] !== undefined);
      if (twice !== undefined) return err(twoSources(twice));
      recorded ??= Promise.all(given.map(({ variable, field }) => use(`$${variable}`, "the client's entry", field)));
      await recorded;
      return ok({ ...own.value, ...Object.fromEntries(given.map(({ field, value }) => [field, value])) });
    },
    recorded: async ({ issuer, resource }) => {
      await use(`login ${issuer}`, resource, "authorization");
    },
  });
}

function twoSources({ field, variable }: GivenField): Problem {
  return {
    code: "credential-twice",
    message: `both a credential of the policy and \`$${variable}\` go into \`${field}\``,
    hint: "leave one of them out",
  };
}
