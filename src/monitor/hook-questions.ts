// The questions of an uncontained session. The agent owns its terminal, so nothing is drawn there: a person answers in another one
// (`ringfence approve`), before the hook's time is over or after it, when the agent tries again.
import type { Append } from "#core/log";
import type { Policy } from "#core/policy";
import { ancestryOf } from "#sandbox";
import { type ApprovalServer, serveApprovals } from "./approval-server.ts";
import { type Approvals, openApprovals } from "./approvals.ts";
import type { HookCall } from "./hook-wire.ts";

/** What they need. */
export interface HookQuestionsOptions {
  readonly session: string;
  readonly root: string;
  readonly home: string;
  readonly stateDir: string;
  readonly helper: string;
  readonly append: Append;
  /** As it is now. */
  readonly policy: () => Policy;
  /** The call that opened the session: from whom it comes shows which process is the agent. */
  readonly call: HookCall;
}

/** Open until `close`. */
export interface HookQuestions {
  readonly ask: Approvals["ask"];
  close(): Promise<void>;
}

/** Opens them. Without a socket for `approve` every question is denied; the session itself goes on. */
export async function openHookQuestions(options: HookQuestionsOptions): Promise<HookQuestions> {
  const { session, root, home, stateDir, helper, append, policy } = options;
  const approvals = openApprovals({
    session,
    contained: false,
    append,
    channels: [],
    timeoutMs: () => policy().approvals.timeoutMs,
    places: { workspaceRoot: root, stateDir, home },
    tell: () => undefined, // nobody reads what the host prints; the agent's own refusal says what to type
  });
  const agentPids = agentOf(await options.call.peer());
  const server = await serveApprovals({
    approvals,
    session,
    contained: false,
    stateDir,
    helper,
    agentPids: () => agentPids,
  });
  return {
    ask: (...question) => approvals.ask(...question),
    close: () => end(approvals, server.ok ? server.value : undefined),
  };
}

async function end(approvals: Approvals, server: ApprovalServer | undefined): Promise<void> {
  await approvals.close();
  await server?.close();
}

const SHELLS: ReadonlySet<string> = new Set(["sh", "dash", "bash", "zsh", "ksh", "fish"]);

/** The agent, from its hook client upwards: the parent, and what is above a shell that only starts the hook. */
function agentOf(client: number | undefined): readonly number[] {
  if (client === undefined) return [];
  const [, ...parents] = ancestryOf(client);
  const agent = parents.findIndex(({ name }) => !SHELLS.has(name));
  return parents.slice(0, agent + 1).map(({ pid }) => pid);
}
