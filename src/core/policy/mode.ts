// Which permission mode a session really gets (PERM-2). Full bypass is refused where nothing stands behind the rules: as root, without an
// isolating runtime around the agent, and where any layer of the policy switched it off.
import { err, ok, type Problem, type Result } from "../result.ts";
import type { Mode, Policy } from "./policy.ts";

/** Every mode, in the order the documents name them. */
export const MODES: readonly Mode[] = ["default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions"];

/** Who runs the agent, and in what. */
export interface ModeTerms {
  /** True when the agent's processes have the rights of the machine's root: also root that is mapped into a fence's user namespace. */
  readonly asRoot: boolean;
  /** True when the agent runs inside a fence of its own: never for a session that only hooks guard, nor with danger-full-access. */
  readonly isolated: boolean;
}

/** The mode, or why a session must not start in it. Only `bypassPermissions` is ever refused. */
export function sessionMode(policy: Policy["permissions"], asked: Mode, terms: ModeTerms): Result<Mode, Problem> {
  if (asked !== "bypassPermissions") return ok(asked);
  const refused = (message: string, hint: string): Result<never, Problem> =>
    err({ code: "mode-refused", message: `mode \`bypassPermissions\` is refused: ${message}`, hint });
  if (policy.bypassDisabled)
    return refused(
      "the policy says `disableBypassPermissionsMode: disable`",
      "use another mode, for example `--mode acceptEdits`; `ringfence policy explain` shows which file says so",
    );
  if (terms.asRoot)
    return refused(
      "the agent would run as root",
      "start it as an ordinary user, or use `--mode acceptEdits` or `auto`",
    );
  if (!terms.isolated)
    return refused(
      "nothing isolates the agent",
      "start it with `ringfence run`, in sandbox mode `workspace-write` or `read-only`",
    );
  return ok(asked);
}
