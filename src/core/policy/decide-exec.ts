// One shell text: what speaks of it as a whole, and the tree of its simple commands, each judged (DESIGN 7 rules 3 and 8).
import type { Reason } from "../decision.ts";
import type { Span } from "../result.ts";
import { analyse } from "../shell/index.ts";
import type { Judge, JudgedCommand } from "./judge.ts";
import { judgeCommand } from "./judge-command.ts";
import { isInWorkspace, namedPath } from "./judge-paths.ts";

/** Longest command that can be allowed without a question (DESIGN 7 rule 8). */
export const MAX_COMMAND = 10_000;

/** A text with its answer; together the two are never empty. */
export interface JudgedText {
  /** What is not about one command alone. */
  readonly reasons: readonly Reason[];
  readonly commands: readonly JudgedCommand[];
}

/** Judges a text that runs in `cwd`. */
export function judgeExec(judge: Judge, text: string, cwd: string): JudgedText {
  const { root, home } = judge.facts;
  const reasons: Reason[] = [];
  const subject = text.slice(0, 200);
  for (const verdict of ["deny", "ask"] as const) {
    // the bare tool is every use of it, also one that runs nothing
    const bare = judge.rules[verdict].find((r) => r.rule.tool === "Bash" && r.rule.specifier === undefined);
    if (bare !== undefined)
      reasons.push({ code: "rule-matched", verdict, subject, rule: bare.text.text, at: bare.text.at });
  }
  if (text.length > MAX_COMMAND)
    reasons.push({ code: "too-long", verdict: "ask", subject: `${text.length} characters` });
  const facts = analyse(text.slice(0, MAX_COMMAND * 4), { cwd, root, home });
  const limited = judge.rules.deny.length + judge.rules.ask.length > 0;
  for (const unknown of facts.unknown) {
    // in full bypass only what a deny or ask might have caught needs a person
    if (judge.mode === "bypassPermissions" && !limited) continue;
    reasons.push({ code: unknown.code, verdict: "ask", subject: unknown.text, at: place(text, unknown.offset) });
  }
  const commands = [...goingThere(judge, cwd), ...facts.commands.map((command) => judgeCommand(command, judge))];
  if (reasons.length === 0 && commands.length === 0) reasons.push({ code: "nothing-runs", verdict: "allow", subject });
  return { reasons, commands };
}

/** A text that starts outside the workspace is judged as if it went there itself: `npm test` is another thing in another directory. */
function goingThere(judge: Judge, cwd: string): readonly JudgedCommand[] {
  const { root, home } = judge.facts;
  const place = namedPath(cwd, [cwd], judge.facts);
  if (isInWorkspace(place, judge.facts)) return [];
  const [folder = "/"] = place.names;
  const going = `cd '${folder.replaceAll("'", "'\\''")}'`;
  return analyse(going, { cwd: root, root, home }).commands.map((command) => judgeCommand(command, judge));
}

/** A place inside the command's own text. */
function place(text: string, offset: number): Span {
  const before = text.slice(0, offset).split("\n");
  return { file: "command", line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
