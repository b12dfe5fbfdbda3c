// A way to reach a person with a question. Several are asked at the same time; the first that answers wins (APP-1).
import type { Answer, ApprovalScope, Question } from "#core";
import type { RuleEffect } from "#core/session";

/** What a person said. */
export interface Said {
  readonly verdict: Answer["verdict"];
  readonly scope: ApprovalScope;
  /** A denial that nobody meant: a paste, a lost terminal. It is not remembered as a refusal. */
  readonly odd?: boolean;
}

/** One way. */
export interface QuestionChannel {
  readonly by: "terminal" | "webhook";
  /** False when there is nobody at the other end, as far as can be known without asking. */
  present(): boolean;
  /**
   * Shows the question and waits. Undefined when it could not be shown: then this channel has no say. Anything odd after it was shown is a
   * denial. Ends soon after `signal`, and leaves nothing on the screen that looks open. Never rejects for what a person does.
   */
  ask(question: Question, effect: RuleEffect | undefined, signal: AbortSignal): Promise<Said | undefined>;
}

/** A fence's terminal, as a question needs it: the agent's output waits and its keys are not read (`Fence`). */
export interface HeldScreen {
  /** True once the terminal is the supervisor's; false when it cannot be had. */
  suspend(): Promise<boolean>;
  resume(): void;
}

/** The terminal of a running fence: one question at a time, and the agent's screen set aside while it stands. */
export function overScreen(terminal: QuestionChannel, screen: HeldScreen): QuestionChannel {
  let turn: Promise<unknown> = Promise.resolve();
  const ask: QuestionChannel["ask"] = async (question, effect, signal) => {
    if (signal.aborted) return undefined;
    try {
      return (await screen.suspend()) ? await terminal.ask(question, effect, signal) : undefined;
    } finally {
      screen.resume();
    }
  };
  return {
    by: terminal.by,
    present: () => terminal.present(),
    ask: (...args) => {
      const mine = turn.then(() => ask(...args));
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}
