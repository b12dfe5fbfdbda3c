// The rule that would spare a question, and what else it would let pass. It is offered only after it was tried: a rule that does not turn exactly
// this call into an allow (PERM-11, protected paths, ask rules, unknown shell) is no offer.
import type { Action } from "../action.ts";
import { compileRules, decide, type Judge, type JudgedCommand, readsSecret } from "../policy/index.ts";

/** What a rule would have done to calls that were asked about. */
export interface RuleEffect {
  readonly rule: string;
  /** Texts of the calls that would have passed without a question. */
  readonly allows: readonly string[];
}

/** The one allow rule under which every action of the call passes; undefined where there is none. */
export function offeredRule(judge: Judge, actions: readonly Action[]): string | undefined {
  const candidates = new Set<string>();
  for (const action of actions) {
    const judgement = decide(judge, action);
    if (judgement.verdict === "deny" || judgement.reasons.some(readsSecret)) return undefined;
    if (judgement.verdict === "ask") candidates.add(candidateFor(action, judgement.commands) ?? "");
  }
  const [rule = "", another] = candidates;
  if (rule === "" || another !== undefined) return undefined;
  return passes(judge, rule, actions) ? rule : undefined;
}

/** Which of the calls `rule` would have let pass. An unusable rule lets nothing pass. */
export function ruleEffect(
  judge: Judge,
  rule: string,
  calls: readonly (readonly Action[])[],
  name: (call: readonly Action[]) => string,
): RuleEffect {
  return { rule, allows: [...new Set(calls.filter((call) => passes(judge, rule, call)).map(name))] };
}

function passes(judge: Judge, rule: string, actions: readonly Action[]): boolean {
  const { facts, rules } = judge;
  const at = { file: "offered", line: 1, column: 1 };
  const compiled = compileRules({ allow: [{ text: rule, at, layer: "local" }], ask: [], deny: [] }, facts);
  if (!compiled.ok) return false;
  const wider = { ...judge, rules: { ...rules, allow: [...rules.allow, ...compiled.value.allow] } };
  return actions.every((action) => decide(wider, action).verdict === "allow");
}

function candidateFor(action: Action, commands: readonly JudgedCommand[]): string | undefined {
  switch (action.kind) {
    case "exec": {
      const open = commands.filter(({ verdict }) => verdict === "ask");
      const [first] = open;
      return first === undefined || open.some(({ text }) => text !== first.text)
        ? undefined
        : exactly("Bash", first.text);
    }
    case "read":
      return exactly("Read", `/${action.path}`);
    case "write":
    case "edit":
    case "delete":
      return exactly("Write", `/${action.path}`);
    case "fetch":
      return exactly("WebFetch", `domain:${action.host}`);
    case "mcp":
      return `mcp__${action.server}__${action.tool}`;
    case "agent":
      return exactly("Agent", action.name);
    default:
      return undefined;
  }
}

/** `Tool(words)`, unless the words would mean more as a rule than they say: `*` matches, brackets and marks are patterns. */
function exactly(tool: string, words: string): string | undefined {
  const plain = tool === "Bash" ? /^[^*\n\r\0\\]{1,400}$/ : /^[^*?[\]!\n\r\0\\]{1,400}$/;
  return plain.test(words) && !/:$/.test(words) ? `${tool}(${words})` : undefined;
}
