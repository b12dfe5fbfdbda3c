// The channels of a policy, as far as they exist here.
import type { Problem } from "#core";
import type { ApprovalChannel } from "#core/policy";
import type { RunRequest } from "../request.ts";
import { type HeldScreen, overScreen, type QuestionChannel } from "./question-channel.ts";
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

/** The channels of a run: its terminal is the agent's, too, so the agent's screen is set aside for a question. What is wrong with others is told. */
export function channelsOfRun(
  request: Pick<RunRequest, "terminal" | "caller" | "progress">,
  wanted: readonly ApprovalChannel[],
  fence: Promise<HeldScreen>,
): readonly QuestionChannel[] {
  const screen: HeldScreen = {
    suspend: async () => (await fence).suspend(),
    resume: () => void fence.then((running) => running.resume()),
  };
  const terminal = request.terminal === undefined ? {} : { terminal: overScreen(request.terminal, screen) };
  const { channels, problems } = openChannels(wanted, { ...terminal, secret: (name) => request.caller.env[name] });
  for (const { message, hint } of problems) request.progress(`${message}; ${hint}`);
  return channels;
}
