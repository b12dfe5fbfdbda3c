// The Rule of Two at the only way out: what the proxy is about to dial is observed, not claimed, and the third leg waits there too (TRI-1, TRI-2).

import { observationsOfRecord } from "#core/session";
import type { Consult } from "#egress";
import type { Guard, GuardedSession } from "./guarded-session.ts";
import type { LegBook } from "./leg-book.ts";

/** What it needs of the session. */
export interface LegGateOptions {
  readonly legs: LegBook;
  readonly guard: () => Guard;
  readonly cwd: string;
  /** How a person is asked, while that is possible at all. */
  readonly ask: () => GuardedSession["ask"] | undefined;
}

/** A question that stands for longer than a client waits is asked once: the client that tries again finds the answer. */
const NEVER = new AbortController().signal;

/** Judges each connection by what it would set; what passes is taken into the legs before it is dialled. */
export function legGate(options: LegGateOptions): Consult {
  const { legs } = options;
  return async ({ host, port, address, rule }) => {
    const { policy, judge, legs: context } = options.guard();
    const would = observationsOfRecord(
      { type: "net.connect", origin: "observed", data: { host, port, address, rule } },
      context,
    );
    const third = legs.judge(would, policy);
    if (third.verdict !== "silent") {
      const causes = third.causes.map(({ leg, cause }) => ({ leg, cause }));
      const ask = third.verdict === "ask" && policy.approvals.policy !== "never" ? options.ask() : undefined;
      const asked = await ask?.(
        {
          agent: "the fence",
          actions: [{ kind: "fetch", host, port }],
          cwd: options.cwd,
          reasons: [{ code: "third-leg", verdict: "ask", subject: `${host}:${port}` }],
          legs: causes,
        },
        judge,
        NEVER,
      );
      if (asked?.verdict !== "allow") return { reason: "third-leg", hint: hintOf(causes) };
      legs.approve();
    }
    await legs.take(would, policy.legs);
    return undefined;
  };
}

function hintOf(causes: readonly { readonly leg: string; readonly cause: string }[]): string {
  const said = causes.map(({ leg, cause }) => `${leg}: ${cause}`).join("; ");
  return `this session has both other legs of the Rule of Two (${said}); a person can answer \`ringfence approve --list\`, or start a new session`;
}
