// The channels of a policy, as far as they exist here.
import type { Problem } from "#core";
import type { ApprovalChannel } from "#core/policy";
import type { QuestionChannel } from "./question-channel.ts";
import { webhookChannel } from "./webhook.ts";

/** What a session has of the person's. */
export interface ChannelParts {
  /** The terminal, where the session has one. */
  readonly terminal?: QuestionChannel;
  /** A variable of the caller's environment. */
  readonly secret: (name: string) => string | undefined;
}

/** The channels that can be used, and what is wrong with the others. */
export function openChannels(
  wanted: readonly ApprovalChannel[],
  parts: ChannelParts,
): { readonly channels: readonly QuestionChannel[]; readonly problems: readonly Problem[] } {
  const channels: QuestionChannel[] = [];
  const problems: Problem[] = [];
  for (const each of wanted) {
    if (each.kind === "terminal" && parts.terminal !== undefined) channels.push(parts.terminal);
    if (each.kind !== "webhook") continue; // desktop and console are refused at load until they are built
    const secret = parts.secret(each.secretEnv);
    const channel = secret === undefined ? undefined : webhookChannel({ url: each.url, secret });
    if (channel !== undefined) channels.push(channel);
    else {
      const why = secret === undefined ? "is not set" : "is shorter than 16 bytes";
      problems.push({
        code: "webhook-secret",
        message: `questions do not reach the webhook: \`${each.secretEnv}\` ${why}`,
        hint: `export ${each.secretEnv} with the secret that the webhook knows`,
      });
    }
  }
  return { channels, problems };
}
