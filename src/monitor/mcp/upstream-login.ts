// The credential of an upstream: what the policy gives it, what the client's own entry gives it, or a login. Never what a client sends.
import { join } from "node:path";
import { err, ok, type Problem } from "#core";
import { type Exchanger, type HttpTarget, openLoginCredential, openTokenStore, urlOf } from "#mcp";
import { tellOnce } from "./tell-once.ts";
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
  const login = openLoginCredential({
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
  return {
    ...login,
    refused: async (...answer) => {
      const problem = await login.refused(...answer);
      if (problem === undefined) return undefined;
      const said = named(problem, open.session.server, target);
      // Some clients try another revision when one answer is an error, and show what that one says.
      tellOnce(open.session, [said.message, said.hint].join("; "));
      return said;
    },
  };
}

/** With the words that a person types for this server, where they are such that a shell reads nothing else in them. */
function named(problem: Problem, server: string, target: HttpTarget): Problem {
  const url = urlOf(target);
  const isPlain = /^[\w:/.~%-]+$/.test(url);
  const hint = problem.hint?.replace("--server NAME", `--server ${server}`);
  return hint === undefined
    ? problem
    : { ...problem, hint: isPlain ? hint.replace("--url URL", `--url ${url}`) : hint };
}

function twoSources({ field, variable }: GivenField): Problem {
  return {
    code: "credential-twice",
    message: `both a credential of the policy and \`$${variable}\` go into \`${field}\``,
    hint: "leave one of them out",
  };
}
