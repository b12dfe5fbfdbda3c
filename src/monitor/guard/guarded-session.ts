// One agent session as the monitor guards it, whether `run` started the agent inside a fence or only its hooks tell of it.
import type { Answer, Problem, Result } from "#core";
import type { Append } from "#core/log";
import type { Judge, Policy } from "#core/policy";
import type { LegContext, QuestionFacts } from "#core/session";
import type { LegBook } from "./leg-book.ts";
import type { PassedCalls } from "./passed-calls.ts";

/** The policy as it is now, ready to judge by. */
export interface Guard {
  readonly policy: Policy;
  readonly judge: Judge;
  readonly legs: LegContext;
}

/** What `handleHook` needs of a session. Its owner is the supervisor or the host. */
export interface GuardedSession {
  readonly id: string;
  /** True when walls stand around the agent itself: then its hooks are claims, and no answer may be more than "no objection". */
  readonly contained: boolean;
  readonly append: Append;
  /** While the policy cannot be read, everything is refused with these problems. */
  guard(): Promise<Result<Guard, readonly Problem[]>>;
  /** The legs so far. */
  readonly legs: LegBook;
  /** A held question. Resolves with a denial when nobody answers; `reason` then says what the person can type. */
  ask(facts: Omit<QuestionFacts, "session" | "contained">, judge: Judge, signal: AbortSignal): Promise<Asked>;
  /** What a person let pass by the agent's hook, where the call comes again at a gateway. */
  readonly passed?: PassedCalls | undefined;
  /**
   * The shell command that runs `command` in this session's fence, for agents that run outside of one. Absent where the agent is inside,
   * and where the policy says `danger-full-access`.
   */
  readonly fenced?: ((command: string, cwd: string) => Promise<Result<string, Problem>>) | undefined;
}

/** A person's answer, and what the agent is told of it. */
export interface Asked extends Answer {
  readonly reason: string;
  /** Its number, as `approval.ask` has it. */
  readonly question?: string;
}
