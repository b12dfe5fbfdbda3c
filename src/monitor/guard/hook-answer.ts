// From a call on the wire to a reply in the agent's own words: parse, judge, speak. What is not understood is refused, in the same words.
import { LogError } from "#audit";
import { type Dialect, err, type HookAnswer, type HookEvent, type HookReply, type Problem, type Result } from "#core";
import { forTerminal } from "#core/text";
import type { HookServerOptions } from "./hook-server.ts";
import type { HookCall } from "./hook-wire.ts";

/** The dialect of an agent, by the word behind `ringfence hook`; handed in, because the monitor knows no agent. */
export type DialectOf = (agent: string) => Dialect | undefined;

/** Judges an event. A Problem is a refusal; so is a rejection. */
export type JudgeHook = (event: HookEvent, from: HookSource) => Promise<Result<HookAnswer, Problem>>;

/** Where an event comes from. */
export interface HookSource {
  readonly call: HookCall;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** What a hook server needs to speak with agents. */
export function answerHooks(dialectOf: DialectOf, judge: JudgeHook): Pick<HookServerOptions, "answer" | "refuse"> {
  const refuse = (agent: string | undefined, reason: string): HookReply => {
    const dialect = agent === undefined ? undefined : dialectOf(agent);
    const said = `ringfence: ${reason}`;
    return dialect?.refuse(said) ?? { exitCode: 2, stdout: "", stderr: `${said}\n` };
  };
  return {
    refuse,
    answer: async (call, signal) => {
      const dialect = dialectOf(call.agent);
      if (dialect === undefined) return refuse(undefined, `unknown agent \`${call.agent}\``);
      const event = dialect.parse(call.input);
      if (!event.ok) return dialect.refuse(refusalWords(event.error));
      const answer = await judge(event.value, { call, signal }).catch(asProblem);
      return answer.ok ? dialect.reply(event.value, answer.value) : dialect.refuse(refusalWords(answer.error));
    },
  };
}

/** A record that takes no more says itself what helps; everything else that is thrown is the server's to tell. */
function asProblem(error: unknown): Result<never, Problem> {
  if (error instanceof LogError) return err(error.problem);
  throw error;
}

/** A Problem as one line for the person and the model. */
export function refusalWords({ message, hint, at }: Problem): string {
  const place = at === undefined ? "" : ` (${at.file}:${at.line}:${at.column})`;
  return forTerminal(`ringfence: ${message}${place}${hint === undefined ? "" : `; ${hint}`}`, { max: 4_000 });
}

/** What a hook inside a fence may say: it is a claim of the very thing that is guarded, so it can tighten and never approve. */
export function asClaim(answer: HookAnswer): HookAnswer {
  const { verdict, reason } = answer;
  return { verdict: verdict === "allow" ? "pass" : verdict, reason };
}
