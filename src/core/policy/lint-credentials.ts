// Secrets that the policy lets in as they are, where a placeholder would do; and credentials that go further than they need to.
import { type CredentialText, knownCredential, knownCredentialOf, resolveCredentials } from "../credentials/index.ts";
import type { Problem } from "../result.ts";
import { forTerminal } from "../text/index.ts";
import { parseDuration } from "./measure.ts";
import type { Merged } from "./merge.ts";
import type { Policy } from "./policy.ts";

// Words of names under which people keep secrets in their environment.
const SECRET_NAME =
  /(?:^|_)(?:API_?KEY|KEY|TOKEN|SECRET|PASSW(?:OR)?D|PASS|PAT|CREDENTIALS?|AUTH|BEARER|JWT|COOKIE|DSN)(?:_|$)|(?:^|_)(?:DATABASE|REDIS|MONGO\w*|POSTGRES\w*|AMQP)_UR[LI]$/i;
const HARMLESS = /(?:_SOCK|_FILE|_PATH|_DIR|_ID|_URL_PREFIX|_NAME|_TTL|_TIMEOUT|_HEADER|_TYPE)$/i;

/** True for the name of a variable whose value is likely a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !HARMLESS.test(name);
}

/** `env.pass` and `env.set` of what looks like a secret. */
export function secretsInEnvironment(merged: Merged): readonly Problem[] {
  return ["env.pass", "env.set"].flatMap((key) =>
    (merged.parts.get(key) ?? []).flatMap(({ at, value }): readonly Problem[] => {
      const name = String(Array.isArray(value) ? value[0] : value);
      if (!isSecretName(name)) return [];
      const known = knownCredentialOf(name);
      const shown = forTerminal(name, { max: 80 });
      return [
        {
          code: "secret-in-environment",
          message: `\`${key}: ${shown}\` hands what looks like a secret to the agent as it is`,
          at,
          hint:
            known === undefined
              ? `let the proxy hold it: \`credentials: [{name: NAME, source: {env: ${shown}}, inject: {hosts: [HOST]}}]\``
              : `let the proxy hold it: \`--credential ${known}\``,
        },
      ];
    }),
  );
}

/** Entries of which no credential can be made: a run with them is refused. */
export function brokenCredentials(credentials: readonly CredentialText[]): readonly Problem[] {
  const resolved = resolveCredentials(credentials, {
    agent: [],
    has: () => false,
    handedIn: [],
    milliseconds: parseDuration,
  });
  return resolved.ok ? [] : resolved.error;
}

/** Names under `setup.credentials` that nothing describes: a run with them is refused. Where the managed file fixed the credentials, only its own count. */
export function undescribedCredentials({ credentials, credentialsFixed, setup }: Policy): readonly Problem[] {
  const described = new Set(credentials.map(({ entry }) => entry.name));
  return [...new Set(setup.credentials)]
    .filter((name) => !described.has(name) && (credentialsFixed || knownCredential(name) === undefined))
    .map((name) => ({
      code: "credential-unknown",
      message: `\`setup.credentials\` names \`${forTerminal(name, { max: 80 })}\`, and \`credentials\` does not describe it`,
      hint: "describe it in `credentials`, or name a known one, such as `npm`",
    }));
}

/** Credentials for a whole domain, in bodies, or in the clear. */
export function broadCredentials(credentials: readonly CredentialText[]): readonly Problem[] {
  return credentials.flatMap(({ at, entry }): readonly Problem[] => {
    const said = `credential \`${forTerminal(entry.name, { max: 80 })}\``;
    const one = (message: string, hint: string): Problem => ({
      code: "broad-credential",
      message: `${said} ${message}`,
      at,
      hint,
    });
    const { body = false, hosts = [], plainHttp = false, query = [] } = entry.inject ?? {};
    const everyBucket =
      entry.source?.aws !== undefined &&
      entry.inject?.paths === undefined &&
      hosts.some((host) => /^(?:\*\.|s3[.-])/.test(host));
    const wide = hosts.find((host) => host.startsWith("*."));
    return [
      ...(wide === undefined
        ? []
        : [
            one(
              `goes to every host below \`${forTerminal(wide, { max: 80 })}\``,
              "name the hosts: one that somebody else runs would be handed it",
            ),
          ]),
      ...(everyBucket
        ? [one("signs for every bucket there, also somebody else's", "name yours in `paths`, or as the host")]
        : []),
      ...(body
        ? [
            one(
              "may stand in bodies: whoever reads what is posted there reads it",
              "use a header where the server takes one",
            ),
          ]
        : []),
      ...(query.length > 0
        ? [one("may stand in a query: servers write those into their logs", "use a header where the server takes one")]
        : []),
      ...(plainHttp ? [one("goes out without TLS: everybody on the way reads it", "name a port that speaks TLS")] : []),
    ];
  });
}
