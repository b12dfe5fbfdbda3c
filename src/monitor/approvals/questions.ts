// A session's questions with every way to the person who answers them: the channels it was given, and `ringfence approve` over a socket of its own.
import type { Append } from "#core/log";
import type { Policy } from "#core/policy";
import type { ProcessFacts } from "#core/session";
import { ancestryOf } from "#sandbox";
import { PassedCalls } from "../guard/passed-calls.ts";
import { serveApprovals } from "./approval-server.ts";
import { type Approvals, openApprovals } from "./approvals.ts";
import type { QuestionChannel } from "./question-channel.ts";

/** What they need. */
export interface QuestionsOptions {
  readonly session: string;
  readonly contained: boolean;
  readonly root: string;
  readonly home: string;
  readonly stateDir: string;
  /** The native helper. */
  readonly helper: string;
  readonly append: Append;
  /** As it is now. */
  readonly policy: () => Policy;
  readonly channels: readonly QuestionChannel[];
  /** The agent's processes as far as known: none of their descendants answers. */
  readonly agentPids: readonly number[];
  /** One line for the person. */
  readonly tell: (line: string) => void;
}

/** Open until `close`. */
export interface Questions extends Pick<Approvals, "ask" | "stats" | "close"> {
  /** Shared by everybody who asks here about calls of the same agent. */
  readonly passed: PassedCalls;
}

/** Opens them. Without the socket no `ringfence approve` reaches them; they are then answered by a channel, or denied. */
export async function openQuestions(options: QuestionsOptions): Promise<Questions> {
  const { session, contained, root, home, stateDir, helper, policy } = options;
  const approvals = openApprovals({
    ...{ session, contained, append: options.append, channels: options.channels, tell: options.tell },
    timeoutMs: () => policy().approvals.timeoutMs,
    places: { workspaceRoot: root, stateDir, home },
  });
  const { agentPids } = options;
  const server = await serveApprovals({ approvals, session, contained, stateDir, helper, agentPids: () => agentPids });
  return {
    passed: new PassedCalls(),
    ask: (...question) => approvals.ask(...question),
    stats: () => approvals.stats(),
    close: async () => {
      await approvals.close();
      if (server.ok) await server.value.close();
    },
  };
}

const SHELLS: ReadonlySet<string> = new Set(["sh", "dash", "bash", "zsh", "ksh", "fish"]);

/**
 * The agent, from its hook client upwards: the parent, and what is above a shell that only starts the hook. The agent itself is last. Undefined for a
 * client that is gone: an honest one waits for its answer, and whose hook it was nobody can say any more.
 */
export function agentAbove(client: number | undefined): readonly ProcessFacts[] | undefined {
  if (client === undefined) return []; // without the helper: then nobody answers by another process either
  const [self, ...parents] = ancestryOf(client);
  if (self === undefined) return undefined;
  return parents.slice(0, parents.findIndex(({ name }) => !SHELLS.has(name)) + 1);
}
