// The decision point: rules and one action in, one Decision out. Total and deterministic (I4); nothing matched is `ask` (I1);
// the first deny wins in any order (I2). What shell text does is core/shell's affair, what covers it judge-command.ts's.
import type { Action } from "../action.ts";
import type { Decision, Reason } from "../decision.ts";
import { strictest } from "../verdict.ts";
import { backstop } from "./backstop.ts";
import { judgeExec } from "./decide-exec.ts";
import { reasonsOnPath } from "./decide-path.ts";
import { reasonOnTool } from "./decide-tool.ts";
import type { Judge, JudgedCommand, Judgement } from "./judge.ts";
import { limitsOnInput } from "./limits-on-input.ts";

type Judged = Omit<Judgement, "kinds">;

/** Decides one action. */
export function decide(judge: Judge, action: Action): Judgement {
  const judgement = { ...decideKind(judge, action), kinds: [action.kind] };
  if (judgement.verdict !== "ask") return judgement;
  // nobody is asked in this mode: every question is a no
  if (judge.mode === "dontAsk") return answered(judgement, "deny", (reason) => ({ ...reason, verdict: "deny" }));
  return judge.mode === "auto" ? inAuto(judge, action, judgement) : judgement;
}

/** What the rules leave open passes unless the backstop knows why it should not (PERM-9); its reasons stand beside the rules'. */
function inAuto(judge: Judge, action: Action, judgement: Judgement): Judgement {
  const against = backstop(judge, action, judgement);
  if (against.length === 0)
    return answered(judgement, "allow", ({ subject }) => ({ code: "auto", verdict: "allow", subject }));
  return { ...judgement, reasons: [...judgement.reasons, ...against.filter((r) => !judgement.reasons.includes(r))] };
}

/** Decides all that one call stands for: the strictest answer counts, and every reason is kept. No action at all is denied. */
export function decideAll(judge: Judge, actions: readonly Action[]): Judgement {
  const [first, ...more] = actions.map((action) => decide(judge, action));
  if (first === undefined)
    return { ...done([{ code: "unknown-action", verdict: "deny", subject: "this call" }]), kinds: [] };
  if (more.length === 0) return first;
  const all = [first, ...more];
  const verdict = strictest(all.map((judgement) => judgement.verdict));
  return {
    verdict,
    reasons: all.flatMap(({ reasons }) => reasons),
    obligations: obligationsOf(verdict),
    kinds: all.flatMap(({ kinds }) => kinds),
    commands: all.flatMap(({ commands }) => commands),
  };
}

/** The same judgement with one answer for every question. */
function answered(judgement: Judgement, verdict: "allow" | "deny", answer: (reason: Reason) => Reason): Judgement {
  // a reason of the tree and the same one of the list stay the same
  const answers = new Map<Reason, Reason>();
  for (const reason of judgement.reasons) if (reason.verdict === "ask") answers.set(reason, answer(reason));
  const told = (reasons: readonly Reason[]): readonly Reason[] =>
    reasons.map((reason) => answers.get(reason) ?? reason);
  const commands = (all: readonly JudgedCommand[]): readonly JudgedCommand[] =>
    all.map((command) => ({
      ...command,
      verdict: command.verdict === "ask" ? verdict : command.verdict,
      reasons: told(command.reasons),
      inner: commands(command.inner),
    }));
  return {
    ...judgement,
    verdict,
    reasons: told(judgement.reasons),
    obligations: obligationsOf(verdict),
    commands: commands(judgement.commands),
  };
}

function decideKind(judge: Judge, action: Action): Judged {
  switch (action.kind) {
    case "exec":
      return execDone(judge, action);
    case "read":
    case "write":
    case "edit":
    case "delete":
      return done(reasonsOnPath(judge, action));
    case "mcp":
    case "other":
      return done([reasonOnTool(judge, action), ...limitsOnInput(judge, action.input)]);
    case "fetch":
    case "agent":
      return done([reasonOnTool(judge, action)]);
    case "prompt":
      return done([{ code: "prompt", verdict: "allow", subject: "prompt" }]);
    default:
      return action satisfies never;
  }
}

function obligationsOf(verdict: Decision["verdict"]): Decision["obligations"] {
  return verdict === "deny" ? [] : ["sandbox"];
}

function done(reasons: readonly Reason[], commands: readonly JudgedCommand[] = []): Judged {
  const verdict = strictest([...reasons.map((r) => r.verdict), ...commands.map((c) => c.verdict)]);
  return {
    verdict,
    reasons: [...reasons, ...flat(commands)],
    obligations: obligationsOf(verdict),
    commands,
  };
}

function execDone(judge: Judge, { command, cwd }: Extract<Action, { readonly kind: "exec" }>): Judged {
  const { reasons, commands } = judgeExec(judge, command, cwd);
  return done(reasons, commands);
}

function flat(commands: readonly JudgedCommand[]): readonly Reason[] {
  return commands.flatMap((c) => [...c.reasons, ...flat(c.inner)]);
}
