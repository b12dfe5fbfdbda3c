// Variables that a client's entry declares for its server. The person put the values there for this server, so it gets them; but a key among them is
// said to be shown (I7), and where a credential of the policy holds it, the placeholder takes its place.
import { knownCredential, knownCredentialOf } from "#core/credentials";
import type { Policy } from "#core/policy";
import { forTerminal } from "#core/text";
import type { McpPeers } from "./mcp-session.ts";

/** Names that are given to things nobody else should know. */
const SECRET_NAME = /(?:^|_)(?:api_?key|auth|credentials?|key|pass(?:word|wd)?|pat|secret|token)s?(?:_|$)/i;

/** The policy without the variables that one of its credentials holds. */
export function heldByBroker(policy: Policy): Policy {
  const held = new Set(
    policy.credentials.flatMap(({ entry: { env, name, source } }) => {
      if (env !== undefined) return env;
      return source === undefined ? (knownCredential(name)?.env ?? []) : (source.env ?? []);
    }),
  );
  return { ...policy, env: { ...policy.env, pass: policy.env.pass.filter((name) => !held.has(name)) } };
}

/** What a person is told of the ones that are shown and look like keys. */
export function exposedLines(of: McpPeers | undefined, exposed: readonly string[]): readonly string[] {
  if (of === undefined) return [];
  const { server } = of;
  return exposed
    .filter((name) => SECRET_NAME.test(name) || knownCredentialOf(name) !== undefined)
    .map((name) => {
      const credential = knownCredentialOf(name) ?? "NAME";
      const key = `mcp.servers.${/^[\w-]+$/.test(server) ? server : JSON.stringify(server)}.credentials: [${credential}]`;
      return forTerminal(`$${name} is shown to this server as it is (exposed); \`${key}\` in the policy keeps it out`);
    });
}
