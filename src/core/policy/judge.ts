// What a command is judged by, and what comes out: the words between the files that judge.
import type { ActionKind } from "../action.ts";
import type { Decision, Reason } from "../decision.ts";
import type { Command } from "../shell/index.ts";
import type { Verdict } from "../verdict.ts";
import type { PathFacts } from "./judge-paths.ts";
import type { Mode } from "./policy.ts";
import type { CompiledRule, CompiledRules } from "./rules.ts";

/** What the rules and the session say. */
export interface Judge {
  readonly rules: CompiledRules;
  readonly mode: Mode;
  readonly facts: PathFacts;
}

/** A command with its answer. */
export interface JudgedCommand {
  readonly text: string;
  readonly offset: number;
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly inner: readonly JudgedCommand[];
}

/** How far an allow rule for the command around this one spells its words: `Bash(find . -exec grep *)` spells `grep`. */
export interface Granted {
  readonly rule: CompiledRule;
  readonly spelled: number;
}

/** The reason of a rule that matched a command. */
export function matched(rule: CompiledRule, verdict: Verdict, command: Command): Reason {
  return { code: "rule-matched", verdict, subject: command.text, rule: rule.text.text, at: rule.text.at };
}

/** A decision with the tree of simple commands behind it. */
export interface Judgement extends Decision {
  /** What was judged: one kind for each action of the call. */
  readonly kinds: readonly ActionKind[];
  readonly commands: readonly JudgedCommand[];
}
