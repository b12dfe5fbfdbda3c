// Whether the process that wants to answer a question may (APP-1: never a session's own descendant, never without a terminal). A judgement of facts
// that the kernel tells. Inside a fence nothing reaches this far; an uncontained agent is the person's own user, and docs/approvals.md says what that
// leaves open.
import type { Problem } from "../result.ts";

/** One process. */
export interface ProcessFacts {
  readonly pid: number;
  readonly name: string;
  readonly uid: number;
  readonly parent: number;
  readonly group: number;
  /** Device number of the controlling terminal; 0 for none. */
  readonly terminal: number;
  /** The terminal's foreground process group. */
  readonly foreground: number;
  /** When it started, in clock ticks since the machine did. */
  readonly startTicks: number;
}

/** What is known of the session whose question is answered. */
export interface AskingSession {
  readonly contained: boolean;
  readonly uid: number;
  /** The supervisor or host, and the agent's processes as far as known. */
  readonly pids: readonly number[];
  /** Terminals that the agent shares. */
  readonly terminals: readonly number[];
  readonly openedTicks: number;
}

/** `chain`: the answering process and its parents. `connectedTicks`: when its connection was there already. Undefined when it may answer. */
export function refuseAnswerer(
  chain: readonly ProcessFacts[],
  session: AskingSession,
  connectedTicks: number,
): Problem | undefined {
  const [self] = chain;
  if (self === undefined || self.startTicks > connectedTicks) return refusal("the process that answers is gone");
  if (self.uid !== session.uid) return refusal("this question belongs to another user");
  if (chain.some(({ pid }) => session.pids.includes(pid)))
    return refusal("a session does not answer its own questions");
  if (self.terminal === 0 || self.foreground !== self.group)
    return refusal("an approval needs a person at a terminal, in the foreground");
  if (session.terminals.includes(self.terminal)) return refusal("the agent shares this terminal");
  if (!session.contained && !isRooted(chain, session.openedTicks))
    return refusal("everything this terminal descends from is younger than the session");
  return undefined;
}

/**
 * Whoever cuts the thread to its parents is adopted by the first process or a service manager, and then descends from nothing that was there before
 * the session. A person's terminal does. Parent 0 is outside this pid namespace (`docker exec`): nobody inside can have that.
 */
function isRooted(chain: readonly ProcessFacts[], openedTicks: number): boolean {
  return chain.some(
    ({ pid, parent, name, startTicks }) =>
      (pid !== 1 && parent === 0) || (pid !== 1 && name !== "systemd" && startTicks < openedTicks),
  );
}

function refusal(message: string): Problem {
  return {
    code: "approval-refused",
    message,
    hint: "answer in a terminal of your own that was open before the session, not in the agent's",
  };
}
