// One shell command judged by rules as a person writes them, for tests. No disk: links are not followed.
import { compileRules, decide, type Judge, type Judgement, type Mode } from "#core/policy";

/** Rules, mode and directory of one judgement; the workspace is `/work`, home is `/home/me`. */
export interface JudgeOptions {
  readonly allow?: readonly string[];
  readonly ask?: readonly string[];
  readonly deny?: readonly string[];
  readonly mode?: Mode;
  readonly cwd?: string;
}

/** The rules, compiled. */
export function judgeBy(options: JudgeOptions): Judge {
  const places = { root: "/work", home: "/home/me" };
  const texts = (rules: readonly string[] = []) =>
    rules.map((text, i) => ({
      text,
      layer: "user" as const,
      at: { file: "/work/.ringfence/policy.yaml", line: i + 1, column: 1 },
    }));
  const rules = compileRules(
    { allow: texts(options.allow), ask: texts(options.ask), deny: texts(options.deny) },
    places,
  );
  if (!rules.ok) throw new Error(JSON.stringify(rules.error));
  return { rules: rules.value, mode: options.mode ?? "default", facts: places };
}

/** Decides a command. */
export function judge(command: string, options: JudgeOptions = {}): Judgement {
  return decide(judgeBy(options), { kind: "exec", command, cwd: options.cwd ?? "/work" });
}
