// How an agent is told to start the hook client of this installation.
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { err, type HookedAgent, ok, type Problem, type Result } from "#core";
import { DIALECTS, shellWord } from "#hooks";
import type { Installation } from "../installation.ts";
import type { HookClient } from "./plan.ts";

const ALIASES: Readonly<Record<string, HookedAgent>> = { claude: "claude-code", "cursor-agent": "cursor" };

/** The agent that is meant, by its hook name or by what is typed to start it. */
export function agentNamed(word: string): Result<HookedAgent, Problem> {
  const agent = Object.hasOwn(ALIASES, word)
    ? ALIASES[word]
    : DIALECTS.find((dialect) => dialect.agent === word)?.agent;
  if (agent !== undefined) return ok(agent);
  const known = DIALECTS.map((dialect) => dialect.agent).join(", ");
  return err({ code: "usage", message: `\`${word}\` is no agent whose hooks are spoken`, hint: `one of ${known}` });
}

/**
 * The native client where it is built, else the launcher. The state folder is said, because an agent may start hooks with few variables, or with
 * those of a repository's settings, which must not choose it.
 */
export function hookClient(
  agent: HookedAgent,
  installation: Installation,
  stateHome: string,
): Result<HookClient, Problem> {
  const program = [installation.helper, join(installation.root, "ringfence")].find(isProgram);
  if (program === undefined || /[\p{C}$]/u.test(program))
    return err({
      code: "no-client",
      message: `there is no hook client in \`${installation.root}\` that an agent could start`,
      hint: `\`${installation.root}/ringfence doctor\` builds it; its folder's name may hold no \`$\` and no control character`,
    });
  const args = ["hook", agent, "--state-home", stateHome];
  return ok({ program, args, shell: [program, ...args].map(shellWord).join(" ") });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
