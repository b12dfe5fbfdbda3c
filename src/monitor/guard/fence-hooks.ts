// Hooks inside a fence: the agent there speaks to its supervisor over a socket that appears at a fixed place. What it says is claimed by the very
// thing that is guarded, so an answer can only tighten what the walls already hold (DESIGN 4; ARCHITECTURE, trust zones).
import type { Problem, Result } from "#core";
import type { EgressPlan } from "#core/net";
import type { Policy } from "#core/policy";
import { compileGuard } from "./guard.ts";
import type { GuardedSession } from "./guarded-session.ts";
import { handleHook } from "./handle.ts";
import { answerHooks, asClaim, type DialectOf } from "./hook-answer.ts";
import { type HookServer, openHookServer } from "./hook-server.ts";

/** The helper's place inside that does not depend on the installation's. */
export const INSIDE_HELPER = "/run/ringfence/ringfence-helper";
/** Where its supervisor listens for it. */
export const INSIDE_SOCKET = "/run/ringfence/agent.sock";

/** What serving them needs. */
export interface FenceHooksOptions {
  readonly socketPath: string;
  readonly dialectOf: DialectOf;
  readonly policy: Policy;
  readonly root: string;
  readonly home: string;
  readonly reachable: EgressPlan["allow"];
  /** The session without its policy, which is fixed when the fence is made. */
  readonly session: Omit<GuardedSession, "contained" | "guard" | "fenced">;
}

/** Serves them until the fence ends. */
export async function openFenceHooks(options: FenceHooksOptions): Promise<Result<HookServer, Problem>> {
  const { root, home, policy, reachable } = options;
  const compiled = compileGuard(policy, { root, home, contained: true, reachable });
  const session: GuardedSession = {
    ...options.session,
    contained: true,
    guard: async () => (compiled.ok ? { ok: true, value: compiled.value() } : compiled),
  };
  return openHookServer({
    socketPath: options.socketPath,
    ...answerHooks(options.dialectOf, async (event, { signal }) => ({
      ok: true,
      value: asClaim(await handleHook(event, session, signal)),
    })),
  });
}
