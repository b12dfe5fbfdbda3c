// Whether a person in a terminal of their own is at the other end of a socket, and not the session itself: facts of the kernel, judged in core.
import type { Socket } from "node:net";
import type { Problem } from "#core";
import { refuseAnswerer } from "#core/session";
import { ancestryOf, peerOf } from "#sandbox";

/** What is known of the session. */
export interface AskedSession {
  readonly helper: string;
  readonly contained: boolean;
  /** The agent's processes as far as known. */
  readonly agentPids?: () => readonly number[];
}

/** Why it is none; `undefined` when it is one. `connectedTicks`: when the connection was there already. */
export async function refuseNobody(
  socket: Socket,
  { helper, contained, agentPids }: AskedSession,
  connectedTicks: number,
): Promise<Problem | undefined> {
  const peer = await peerOf(socket, helper);
  const own = ancestryOf(process.pid)[0];
  if (peer === undefined || own === undefined)
    return { code: "approval-refused", message: "the kernel does not say who answers" };
  const known = agentPids?.() ?? [];
  const agents = known.flatMap((pid) => ancestryOf(pid).slice(0, 1));
  return refuseAnswerer(
    ancestryOf(peer.pid),
    {
      contained,
      uid: process.getuid?.() ?? -1,
      pids: [process.pid, ...known],
      // In a fence the agent has a terminal of its own, and this process holds the person's.
      terminals: agents.map(({ terminal }) => terminal).filter((terminal) => terminal !== 0),
      openedTicks: own.startTicks,
    },
    connectedTicks,
  );
}
