// Questions of a gateway's session. Its client owns the terminal, if there is one, so a person answers in another one or by a webhook; and no descendant
// of the client's does.
import type { Append } from "#core/log";
import type { Policy } from "#core/policy";
import { openChannels } from "../approvals/question-channels.ts";
import { agentAbove, openQuestions, type Questions } from "../approvals/questions.ts";
import type { RunRequest } from "../request.ts";

/** What they need. */
export interface GatewayQuestionParts {
  readonly id: string;
  readonly request: Pick<RunRequest, "caller" | "stateDir" | "installation" | "progress">;
  readonly policy: Policy;
  readonly root: string;
  readonly append: Append;
}

/** Opens them. */
export function openGatewayQuestions({ id, request, policy, root, append }: GatewayQuestionParts): Promise<Questions> {
  const { caller, stateDir, installation, progress } = request;
  const { channels, problems } = openChannels(policy.approvals.channels, { secret: (name) => caller.env[name] });
  for (const { message, hint } of problems) progress(`${message}; ${hint}`);
  return openQuestions({
    ...{ session: id, contained: false, root, home: caller.home, stateDir, helper: installation.helper, append },
    ...{ policy: () => policy, channels, tell: progress },
    // Whoever started this process speaks for the model, and so does everything below it.
    agentPids: (agentAbove(process.pid) ?? []).map(({ pid }) => pid),
  });
}
