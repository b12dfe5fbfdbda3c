// The bytes of an answer. A refusal is said three times, because each agent drops one of them somewhere (docs/hooks.md, the matrix):
// JSON in the agent's own words with a reason that is not empty, exit code 2, and the reason on standard error.
import type { HookAnswer, HookedAgent, HookReply } from "#core";

const REASON_MOST = 10_000;

/** Says nothing: the agent goes on by its own rules. */
export const SILENT: HookReply = { exitCode: 0, stdout: "", stderr: "" };

/** An answer that is no refusal. */
export function say(body: unknown): HookReply {
  return { exitCode: 0, stdout: `${JSON.stringify(body)}\n`, stderr: "" };
}

/** A refusal: `body` in the agent's own words, and the reason where agents look that do not read it. */
export function refusal(reason: string, body: (reason: string) => unknown): HookReply {
  const said = spoken(reason);
  return { exitCode: 2, stdout: `${JSON.stringify(body(said))}\n`, stderr: `${said}\n` };
}

/** A reason that is never empty and never endless. Its end is kept: that is where the hint stands. */
export function spoken(reason: string): string {
  const trimmed = reason.trim();
  if (trimmed === "") return "refused by ringfence";
  if (trimmed.length <= REASON_MOST) return trimmed;
  const half = REASON_MOST / 2;
  return `${trimmed.slice(0, half)}… (${trimmed.length - REASON_MOST} more characters) …${trimmed.slice(-half)}`;
}

/** How one agent says each thing about an event; what it does not name, it cannot say. */
export interface Words {
  /** A refusal of this event. Absent where the agent cannot refuse it any more: then nothing is said. */
  readonly deny?: (reason: string) => unknown;
  readonly allow?: (reason: string) => unknown;
  /** Only where the agent is known to put the question to its person, or to refuse. `command` runs in the call's place after a yes. */
  readonly ask?: (reason: string, command?: string) => unknown;
  /** The agent is asking its person already: where we would ask too, nothing needs to be said. */
  readonly asking?: true;
  /** What silence is where the other end is ours and takes nothing for no answer at all. */
  readonly quiet?: unknown;
  /** The call again, with another shell command in it. */
  readonly rewrite?: (reason: string, command: string) => unknown;
}

/** An answer in an agent's words. Whatever it cannot say exactly becomes a refusal, where a refusal is possible, and silence elsewhere. */
export function answerIn(words: Words, agent: HookedAgent, answer: HookAnswer): HookReply {
  const { verdict, rewrite } = answer;
  const quiet = words.quiet === undefined ? SILENT : say(words.quiet);
  const no = (reason: string): HookReply => (words.deny === undefined ? SILENT : refusal(reason, words.deny));
  switch (verdict) {
    case "pass":
      return rewrite === undefined ? quiet : no(cannot(agent, answer.reason));
    case "deny":
      return no(answer.reason);
    case "ask":
      if (words.asking === true) return quiet;
      if (words.ask !== undefined && (rewrite === undefined || words.rewrite !== undefined))
        return say(words.ask(spoken(answer.reason), rewrite));
      return no(
        `${spoken(answer.reason)}\nthis needs a person, and ${agent} cannot ask one here; allow it in the policy, then try again`,
      );
    case "allow":
      if (rewrite !== undefined)
        return words.rewrite === undefined
          ? no(cannot(agent, answer.reason))
          : say(words.rewrite(spoken(answer.reason), rewrite));
      return words.allow === undefined ? quiet : say(words.allow(spoken(answer.reason)));
    default:
      return verdict satisfies never;
  }
}

/** The words that Claude Code and Codex share: a decision about one tool call. */
export function preToolUse(decision: Readonly<Record<string, unknown>>): unknown {
  return { hookSpecificOutput: { hookEventName: "PreToolUse", ...decision } };
}

/** A refused permission request, in the words that Claude Code and Codex share. */
export function deniedPermission(message: string): unknown {
  return { hookSpecificOutput: { hookEventName: "PermissionRequest", decision: { behavior: "deny", message } } };
}

/** The input of a rewritten call: the whole of it, with another command. */
export function withCommand(input: unknown, command: string): unknown {
  return { ...(typeof input === "object" ? input : {}), command };
}

// A command that was to run in the fence must not run outside it because the agent takes no other command.
function cannot(agent: HookedAgent, reason: string): string {
  return `${spoken(reason)}\n${agent} cannot run this call in the fence: start the agent with \`ringfence run\``;
}
