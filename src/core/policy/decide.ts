// The decision point: rules and one action in, one Decision out. Total and deterministic (I4); nothing matched is `ask` (I1);
// the first deny wins in any order (I2). What shell text does is core/shell's affair, what covers it judge-command.ts's.
import type { Action } from "../action.ts";
import type { Decision, Reason } from "../decision.ts";
import { analyse } from "../shell/index.ts";
import { strictest, type Verdict } from "../verdict.ts";
import { type Judge, type JudgedCommand, judgeCommand } from "./judge-command.ts";
import { allowOn, isInWorkspace, limitOn, namedPath, protectedReason } from "./judge-paths.ts";
import type { CompiledRule } from "./rules.ts";

/** Longest command that can be allowed without a question (DESIGN 7 rule 8). */
export const MAX_COMMAND = 10_000;

/** A decision with the tree of simple commands behind it. */
export interface Judgement extends Decision {
  readonly commands: readonly JudgedCommand[];
}

/** Decides one action. */
export function decide(judge: Judge, action: Action): Judgement {
  const bare = judge.mode === "dontAsk";
  const judgement = decideKind(judge, action);
  // nobody is asked in this mode: every question is a no
  return bare && judgement.verdict === "ask"
    ? {
        ...judgement,
        verdict: "deny",
        reasons: judgement.reasons.map((r) => (r.verdict === "ask" ? { ...r, verdict: "deny" } : r)),
      }
    : judgement;
}

function decideKind(judge: Judge, action: Action): Judgement {
  switch (action.kind) {
    case "exec":
      return decideExec(judge, action.command, action.cwd);
    case "read":
      return decidePath(judge, action.path, "read");
    case "write":
    case "edit":
    case "delete":
      return decidePath(judge, action.path, "write");
    case "fetch":
      return decideTool(judge, action.host, (r) => r.domain?.(action.host) === true);
    case "mcp":
      return decideTool(
        judge,
        `mcp__${action.server}__${action.tool}`,
        (r) =>
          r.rule.tool === "mcp" &&
          named(r.rule.server, action.server) &&
          (r.rule.name === undefined || named(r.rule.name, action.tool)),
      );
    case "agent":
      return decideTool(
        judge,
        action.name,
        (r) => r.rule.tool === "Agent" && (r.rule.specifier === undefined || named(r.rule.specifier, action.name)),
      );
    case "prompt":
      return done([{ code: "prompt", verdict: "allow", subject: "prompt" }]);
    case "other":
      return decideTool(judge, action.tool, (r) => r.rule.tool === "other" && r.rule.name === action.tool);
    default:
      return action satisfies never;
  }
}

function done(reasons: readonly Reason[], commands: readonly JudgedCommand[] = []): Judgement {
  const verdict = strictest([...reasons.map((r) => r.verdict), ...commands.map((c) => c.verdict)]);
  return {
    verdict,
    reasons: [...reasons, ...flat(commands)],
    obligations: verdict === "deny" ? [] : ["sandbox"],
    commands,
  };
}

function flat(commands: readonly JudgedCommand[]): readonly Reason[] {
  return commands.flatMap((c) => [...c.reasons, ...flat(c.inner)]);
}

function decideExec(judge: Judge, text: string, cwd: string): Judgement {
  const { root, home } = judge.facts;
  const reasons: Reason[] = [];
  const wholesale = judge.rules.deny.find((r) => r.rule.tool === "Bash" && r.rule.specifier === undefined);
  if (wholesale !== undefined)
    reasons.push({
      code: "rule-matched",
      verdict: "deny",
      subject: text.slice(0, 200),
      rule: wholesale.text.text,
      at: wholesale.text.at,
    });
  if (text.length > MAX_COMMAND)
    reasons.push({ code: "too-long", verdict: "ask", subject: `${text.length} characters` });
  const facts = analyse(text.slice(0, MAX_COMMAND * 4), { cwd, root, home });
  const limited = judge.rules.deny.length + judge.rules.ask.length > 0;
  for (const unknown of facts.unknown) {
    // in full bypass only what a deny or ask might have caught needs a person
    if (judge.mode === "bypassPermissions" && !limited) continue;
    reasons.push({ code: unknown.code, verdict: "ask", subject: unknown.text, at: place(text, unknown.offset) });
  }
  const commands = facts.commands.map((command) => judgeCommand(command, judge));
  if (reasons.length === 0 && commands.length === 0)
    reasons.push({ code: "nothing-runs", verdict: "allow", subject: text.slice(0, 200) });
  return done(reasons, commands);
}

/** A place inside the command's own text. */
function place(
  text: string,
  offset: number,
): { readonly file: string; readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split("\n");
  return { file: "command", line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function decidePath(judge: Judge, written: string, access: "read" | "write"): Judgement {
  const { facts, mode, rules } = judge;
  if (!written.startsWith("/") || written.includes("\0"))
    return done([{ code: "path-not-absolute", verdict: "ask", subject: written }]);
  const path = namedPath(written, [written], facts);
  const limit = limitOn(path, access, rules);
  if (limit?.verdict === "deny") return done([limit]);
  const reasons: Reason[] = limit === undefined ? [] : [limit];
  if (access === "write" && mode === "plan") reasons.push({ code: "plan-mode", verdict: "deny", subject: written });
  const guarded = access === "write" && mode !== "bypassPermissions" ? protectedReason(path, facts) : undefined;
  if (guarded !== undefined) return done([...reasons, guarded]);
  const rule = allowOn(path, access, rules);
  const inside = isInWorkspace(path, facts);
  const byMode = mode === "bypassPermissions" || (inside && (access === "read" || mode === "acceptEdits"));
  if (rule !== undefined)
    reasons.push({ code: "rule-matched", verdict: "allow", subject: written, rule: rule.text.text, at: rule.text.at });
  else if (byMode)
    reasons.push({
      code: mode === "bypassPermissions" ? "bypass" : access === "read" ? "read-only" : "accept-edits",
      verdict: "allow",
      subject: written,
    });
  else
    reasons.push({
      code: "no-rule",
      verdict: "ask",
      subject: written,
      hint: `allow it with ${access === "read" ? "Read" : "Write"}(/${written})`,
    });
  return done(reasons);
}

function decideTool(judge: Judge, subject: string, matches: (rule: CompiledRule) => boolean): Judgement {
  for (const verdict of ["deny", "ask", "allow"] as const) {
    const rule = judge.rules[verdict].find(matches);
    if (rule !== undefined)
      return done([{ code: "rule-matched", verdict, subject, rule: rule.text.text, at: rule.text.at }]);
  }
  const verdict: Verdict = judge.mode === "bypassPermissions" ? "allow" : "ask";
  return done([{ code: verdict === "allow" ? "bypass" : "no-rule", verdict, subject }]);
}

/** A name with `*` for any text. */
function named(pattern: string, name: string): boolean {
  if (!pattern.includes("*")) return pattern === name;
  return new RegExp(
    `^${pattern
      .split("*")
      .map((p) => p.replace(/[.\\^$+?()[\]{}|-]/g, "\\$&"))
      .join(".*")}$`,
    "s",
  ).test(name);
}
