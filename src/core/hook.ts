// What an agent says through its hooks, in one form for all agents, and what it is answered (DESIGN 4, PERM-10). An agent's own JSON is
// its dialect's affair (src/hooks); the monitor sees only these words.
import type { Action } from "./action.ts";
import type { Problem, Result } from "./result.ts";
import type { Verdict } from "./verdict.ts";

/** The agents whose hooks are spoken, by the word that `ringfence hook` takes. */
export type HookedAgent = "claude-code" | "codex" | "cursor" | "copilot" | "gemini" | "opencode";

/** What every hook event tells. */
export interface HookContext {
  readonly agent: HookedAgent;
  /** The agent's own name for its session; never empty. */
  readonly agentSession: string;
  /** Absolute. */
  readonly cwd: string;
  /** The agent's own word for the event, for example `PreToolUse`. */
  readonly event: string;
}

/** A tool call as the agent names it, and what it means. */
export interface HookedTool {
  readonly tool: string;
  readonly toolUseId?: string;
  readonly input: unknown;
  /** Never empty; several when one call touches several things (a patch of three files). All of them are judged. */
  readonly actions: readonly [Action, ...Action[]];
}

/** One event. */
export type HookEvent =
  /**
   * A tool call that has not happened. `rewritable`: the agent takes another shell command in its place. `asks`: answered `ask`, the agent
   * asks its own user and obeys, or refuses where there is none.
   */
  | (HookContext & HookedTool & { readonly kind: "before-tool"; readonly rewritable: boolean; readonly asks?: true })
  /** The agent is about to ask its own user about this call. */
  | (HookContext & HookedTool & { readonly kind: "permission" })
  /** The call is over. `output` is what the model will read of it. */
  | (HookContext & HookedTool & { readonly kind: "after-tool"; readonly output: string; readonly failed: boolean })
  | (HookContext & { readonly kind: "prompt"; readonly text: string })
  /** Words of the model. */
  | (HookContext & { readonly kind: "output"; readonly text: string })
  | (HookContext & { readonly kind: "session-start" | "session-end" })
  /** A known event with nothing in it to judge. */
  | (HookContext & { readonly kind: "notice" });

/** The word of the kind alone. */
export type HookKind = HookEvent["kind"];

/**
 * The monitor's answer. `pass` says nothing, so that the agent's own rules decide; it is all that an answer inside a fence may say
 * beside `ask` and `deny`, because there hooks are claims.
 */
export interface HookAnswer {
  readonly verdict: Verdict | "pass";
  /** Never empty, already escaped: what was refused, by which rule, and what the person can type. The model reads it. */
  readonly reason: string;
  /** With `allow` on a `rewritable` event: the shell command to run instead. */
  readonly rewrite?: string;
}

/** The bytes and the code a hook process ends with; never another code than these two. */
export interface HookReply {
  readonly exitCode: 0 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/** One agent's hook protocol. Pure. */
export interface Dialect {
  readonly agent: HookedAgent;
  /** Total on any text; what is not fully understood is a Problem, and the caller refuses. */
  parse(text: string): Result<HookEvent, Problem>;
  /** `ask` is said only where the agent enforces it, and is a refusal elsewhere. */
  reply(event: HookEvent, answer: HookAnswer): HookReply;
  /** A refusal that this agent obeys on every event, also when nothing of it was understood. `reason` is not empty. */
  refuse(reason: string): HookReply;
}
