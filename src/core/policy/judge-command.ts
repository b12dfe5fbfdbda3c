// One command of the Facts against the rules (DESIGN 7 rules 3 to 8). It is allowed only when the command itself and every one of its
// effects is covered and nothing denies or asks; what is not covered asks.
import type { Command } from "../shell/index.ts";
import { strictest } from "../verdict.ts";
import { BETWEEN } from "./bash-rule.ts";
import { coverage } from "./coverage.ts";
import type { Granted, Judge, JudgedCommand } from "./judge.ts";
import { limitsOn } from "./limits.ts";
import { bashRules } from "./rule-index.ts";
import type { CompiledRule, CompiledRules } from "./rules.ts";

/** Judges one command and everything it runs. */
export function judgeCommand(command: Command, judge: Judge, granted?: Granted): JudgedCommand {
  const own = longest(allowRule(command, judge.rules), granted);
  const inner = command.effects.flatMap((e) => {
    if (e.kind !== "run") return [];
    const rest =
      own !== undefined && e.index < command.words.length && own.spelled > e.index
        ? { ...own, spelled: own.spelled - e.index }
        : undefined;
    return e.inner.map((c) => judgeCommand(c, judge, rest));
  });
  const limits = limitsOn(command, judge);
  const denied = limits.some((r) => r.verdict === "deny");
  const covered = denied ? [] : coverage(command, judge, own);
  const reasons = [...limits, ...covered];
  return {
    text: command.text,
    offset: command.offset,
    verdict: strictest([...reasons.map((r) => r.verdict), ...inner.map((c) => c.verdict)]),
    reasons,
    inner,
  };
}

function longest(rule: CompiledRule | undefined, granted: Granted | undefined): Granted | undefined {
  if (rule === undefined) return granted;
  const spelled = rule.bash?.spelled ?? 0;
  return granted === undefined || spelled >= granted.spelled ? { rule, spelled } : granted;
}

/** The allow rule that covers the words; of several the one that spells most. Unknown words are covered by a rule that covers any. */
function allowRule(command: Command, rules: CompiledRules): CompiledRule | undefined {
  const values = command.words.map((w) => w.value);
  const unknownAt = values.indexOf(undefined);
  if (unknownAt === 0 || values.some((v) => v?.includes(BETWEEN))) return undefined;
  const joined = (unknownAt < 0 ? values : values.slice(0, unknownAt)).join(BETWEEN);
  let best: CompiledRule | undefined;
  for (const rule of bashRules(rules.allow, values[0])) {
    const bash = rule.bash;
    if (bash === undefined || !(unknownAt < 0 ? bash.matches(joined) : bash.coversFrom(joined))) continue;
    if (best === undefined || bash.spelled > (best.bash?.spelled ?? 0)) best = rule;
  }
  return best;
}
