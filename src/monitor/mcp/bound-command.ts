// Rights belong to a program and not to a name: where the policy says which command a server's entry speaks of, no other one is run by that name.
import type { Problem } from "#core";
import { type LoadedPolicy, serverCommand } from "#core/policy";
import { forTerminal } from "#core/text";
import type { RunRequest } from "../request.ts";

/** True where an accepted file binds the name to exactly this command. */
export function isBound({ merged }: LoadedPolicy, server: string, argv: readonly string[]): boolean {
  const bound = serverCommand(merged, server);
  return bound !== undefined && isSame(bound.argv, argv);
}

/** Why this command is not that server; `undefined` where it is, or where nobody says. */
export function otherCommand(
  { merged }: LoadedPolicy,
  { gateway, argv }: Pick<RunRequest, "gateway" | "argv">,
): Problem | undefined {
  const bound = gateway === undefined ? undefined : serverCommand(merged, gateway.server);
  if (bound === undefined || isSame(bound.argv, argv)) return undefined;
  const name = forTerminal(gateway?.server ?? "", { max: 80 });
  return {
    code: "mcp-other-command",
    message: `MCP server \`${name}\` is \`${forTerminal(bound.argv.join(" "), { max: 200 })}\` by the policy, and not this command`,
    at: bound.at,
    hint: "run it by another name, or change `command` there",
  };
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((word, at) => word === other[at]);
}
